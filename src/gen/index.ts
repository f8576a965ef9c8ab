export { isTypeName, nameOfFile } from "./names.ts"
export { type TypesOptions, typesText } from "./types.ts"
