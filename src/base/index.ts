export * from "./error.ts"
export * from "./source.ts"
export * from "./suggest.ts"
