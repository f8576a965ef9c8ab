/** The first words of the pragmas that the parser sees. */
const FOR_PARSER = /^(unroll|nounroll|pack|clang\s+(loop|attribute)|GCC\s+unroll)\b/

/** The text of a pragma if it is for the parser; undefined for one that means nothing here. */
export function parserPragma(text: string): string | undefined {
  return FOR_PARSER.test(text) ? text : undefined
}

/** True for a pragma whose text is macro expanded before the parser sees it. */
export const expandsMacros = (first: string) =>
  first === "unroll" || first === "nounroll" || first === "clang" || first === "GCC" || first === "pack"
