import { suggest } from "../../base/index.ts"
import type { Diagnostic } from "../../c/index.ts"
import { CLANG_WARNINGS } from "./warningNames.ts"

/** Clang's names of what skep warns of, for `-Wno-…` and `-Werror=…`. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  BCC_PRINTK_FORMAT: ["format"],
  CLI_CC_WARNING: ["unknown-warning-option"],
  C_BAD_ESCAPE: ["unknown-escape-sequence"],
  C_CASE_OVERFLOW: ["switch"],
  C_COMPARE_INT: ["pointer-integer-compare"],
  C_COMPARE_POINTERS: ["compare-distinct-pointer-types"],
  C_DISCARDS_QUALIFIERS: ["incompatible-pointer-types-discards-qualifiers"],
  C_DIVISION_BY_ZERO: ["division-by-zero"],
  C_EMPTY_CASE: ["empty-case-range"],
  C_EMPTY_DECLARATION: ["missing-declarations"],
  C_EXCESS_INITIALIZER: ["excess-initializers"],
  C_INT_CONVERSION: ["int-conversion"],
  C_MACRO_REDEFINED: ["macro-redefined"],
  C_MISSING_RETURN: ["return-type"],
  C_MULTICHAR: ["multichar"],
  C_NUMBER_UNSIGNED: ["implicitly-unsigned-literal"],
  C_POINTER_TYPES: ["incompatible-pointer-types"],
  C_SHIFT_RANGE: ["shift-count-overflow", "shift-count-negative"],
  C_WARNING_DIRECTIVE: ["#warnings"],
}

/**
 * What `-W…` options make of a warning: the last one that speaks of it wins. `-Werror` makes an error of it, `-Wno-NAME` and `-w`
 * leave it out. NAME is clang's name or skep's code.
 */
export function warningSeverity(
  { code }: Pick<Diagnostic, "code">,
  options: readonly string[],
): "warning" | "error" | "none" {
  const names = [...(NAMES[code] ?? []), code]
  let shown = true
  let error = false
  for (const option of options) {
    const [, no, what] = /^(no-)?(.*)$/s.exec(option)!
    if (what === "error") error = no === undefined
    else if (what === "everything") shown = no === undefined
    else if (what.startsWith("error=")) {
      if (names.includes(what.slice("error=".length))) error = no === undefined
    } else if (names.includes(what)) shown = no === undefined
  }
  return !shown ? "none" : error ? "error" : "warning"
}

/** Names that stand for all warnings, or none. */
const ALL = /^(|error|everything|fatal-errors|system-headers)$/
/** Those with a value behind their names. */
const WITH_VALUE = /^(frame-larger-than|large-by-value-copy|larger-than|stack-usage|stack-protector)=/

/** What is said of each `-W…` option whose name neither clang nor skep knows. */
export function unknownWarnings(options: readonly string[]): string[] {
  const codes = new Set([...Object.keys(NAMES), ...Object.values(NAMES).flat()])
  return options.flatMap(option => {
    const [, before, name] = /^((?:no-)?(?:error=)?)(.*)$/s.exec(option)!
    const known = CLANG_WARNINGS.has(name) || codes.has(name) || /^[A-Z]+_/.test(name)
    if (known || ALL.test(name) || WITH_VALUE.test(name)) return []
    const near = suggest(name, CLANG_WARNINGS)
    return [`unknown warning option '-W${option}'${near === undefined ? "" : `; did you mean '-W${before}${near}'?`}`]
  })
}
