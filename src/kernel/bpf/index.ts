export * from "./attr.ts"
export * from "./map.ts"
export * from "./object.ts"
export * from "./program.ts"
