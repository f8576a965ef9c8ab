export * from "./error.ts"
export * from "./source.ts"
