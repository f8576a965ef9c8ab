import { SourceFile } from "../../src/base/index.ts"
import { Diagnostics, type ParseOptions, parse, preprocess, type TranslationUnit } from "../../src/c/index.ts"

/** What a C text gives; `unit` is missing when the parser stopped. */
export interface Parsed {
  readonly unit: TranslationUnit | undefined
  readonly diagnostics: Diagnostics
}

/** Preprocesses and parses a C text that includes nothing. */
export function parseC(text: string, options?: ParseOptions): Parsed {
  const diagnostics = new Diagnostics()
  let unit: TranslationUnit | undefined
  try {
    const tokens = preprocess(new SourceFile("t.c", text), { diagnostics })
    unit = parse("t.c", tokens, diagnostics, options)
  } catch (error) {
    if (diagnostics.errors === 0) throw error
  }
  return { unit, diagnostics }
}

/** `error: message` and `warning: message`, in order. */
export function messages(diagnostics: Diagnostics): string[] {
  return diagnostics.list.map(d => `${d.severity}: ${d.message}`)
}
