import type { Diagnostic } from "../../c/index.ts"

/** Clang's names of what skep warns of, for `-Wno-…` and `-Werror=…`. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  BCC_PRINTK_FORMAT: ["format"],
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
