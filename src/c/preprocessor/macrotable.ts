import { SourceFile } from "../../base/index.ts"
import { Lexer } from "./lexer.ts"
import { type Macro, parseDefinition, sameMacro, VA_ARGS } from "./macro.ts"
import { type PpToken, spelled } from "./pptoken.ts"
import { DYNAMIC, PREDEFINED } from "./predefined.ts"
import type { MacroText, PreprocessOptions } from "./preprocessor.ts"

/** Macros by name. Those of the target and of the provider are looked up, and lexed, when their name first appears. */
export class MacroTable {
  readonly #options: PreprocessOptions
  /** Null: known not to be a macro. */
  readonly #table = new Map<string, Macro | null>()
  readonly #pushed = new Map<string, (Macro | undefined)[]>()

  constructor(options: PreprocessOptions) {
    this.#options = options
    for (const flag of options.flags ?? []) this.#commandLine(flag)
  }

  get(name: string): Macro | undefined {
    const known = this.#table.get(name)
    if (known !== undefined) return known ?? undefined
    const macro = this.#lookUp(name)
    if (macro === false) return undefined
    this.#table.set(name, macro ?? null)
    return macro
  }

  /** Defines a macro; warns when it had another definition in the program. */
  define(macro: Macro): void {
    const old = this.#table.get(macro.name)
    if (old && !old.span.file.system && !sameMacro(old, macro)) {
      this.#options.diagnostics.warning("C_MACRO_REDEFINED", `'${macro.name}' macro redefined`, macro.span, {
        notes: [{ message: "previous definition is here", span: old.span }],
      })
    }
    this.#table.set(macro.name, macro)
  }

  /** All that are defined, as `#define` lines: the target's, and of the provider's those that were looked up. */
  definitions(): string[] {
    for (const name of Object.keys(PREDEFINED)) this.get(name)
    const found = [...this.#table.values()].filter(macro => macro !== null && macro.dynamic === undefined)
    return found.map(macro => definitionText(macro as Macro)).sort()
  }

  undefine(name: string): void {
    this.#table.set(name, null)
  }

  /** `#pragma push_macro("name")` */
  push(name: string): void {
    const stack = this.#pushed.get(name)
    if (stack === undefined) this.#pushed.set(name, [this.get(name)])
    else stack.push(this.get(name))
  }

  /** `#pragma pop_macro("name")` */
  pop(name: string): void {
    const stack = this.#pushed.get(name)
    if (stack !== undefined && stack.length > 0) this.#table.set(name, stack.pop() ?? null)
  }

  #lookUp(name: string): Macro | false | undefined {
    if (Object.hasOwn(DYNAMIC, name)) {
      const span = { file: BUILT_IN, start: 0, end: 0 }
      const dynamic = DYNAMIC[name as keyof typeof DYNAMIC]
      return { name, span, params: undefined, variadic: false, body: [], tokens: [], dynamic }
    }
    if (Object.hasOwn(PREDEFINED, name)) return this.#parse(`${name} ${PREDEFINED[name]}`, "<built-in>")
    const found = this.#options.macros?.(name)
    if (found === undefined || found === false) return found
    return typeof found === "string" ? this.#parse(name + found, "<built-in>") : this.#parseAt(found)
  }

  /** `-Dname`, `-Dname=text`, `-Dname(params)=text`, `-Uname`. */
  #commandLine(flag: string): void {
    const text = flag.slice(2)
    if (flag.startsWith("-U")) this.#table.set(text, null)
    else if (flag.startsWith("-D")) {
      const equals = text.indexOf("=")
      const macro =
        equals < 0
          ? this.#parse(`${text} 1`, "<command line>")
          : this.#parse(`${text.slice(0, equals)} ${text.slice(equals + 1)}`, "<command line>")
      if (macro !== undefined) this.#table.set(macro.name, macro)
    }
  }

  #parse(definition: string, place: string): Macro | undefined {
    const file = new SourceFile(place, definition, true)
    return this.#parseAt({ file, start: 0, end: definition.length })
  }

  #parseAt({ file, start, end }: MacroText): Macro | undefined {
    const lexer = new Lexer(file, undefined, start, end)
    lexer.directive = true
    return parseDefinition(
      (): PpToken => lexer.next(),
      (code, message, at) => this.#options.diagnostics.error(code, message, at),
    )
  }
}

/** `#define MAX(a,b) ((a) > (b) ? (a) : (b))` */
function definitionText({ name, params, variadic, tokens }: Macro): string {
  const names = params?.map((param, i) =>
    !variadic || i < params.length - 1 ? param : `${param === VA_ARGS ? "" : param}...`,
  )
  const head = names === undefined ? name : `${name}(${names.join(",")})`
  return `#define ${head} ${spelled(tokens)}`.trimEnd()
}

const BUILT_IN = new SourceFile("<built-in>", "", true)
