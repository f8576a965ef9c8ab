export * from "./error.ts"
export * from "./nearest.ts"
export * from "./source.ts"
export * from "./suggest.ts"
