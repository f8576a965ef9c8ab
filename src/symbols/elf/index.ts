export { ElfImage } from "./image.ts"
export { buildId } from "./notes.ts"
export { ElfSymbols, type UserSymbol } from "./symbols.ts"
