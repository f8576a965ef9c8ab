export { type Embedded, embed } from "./embed.ts"
export { type ModuleOptions, moduleScript, moduleText, moduleTypes } from "./module.ts"
export { isTypeName, nameOfFile } from "./names.ts"
export { type TypesOptions, typesText } from "./types.ts"
