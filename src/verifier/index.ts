export * from "./input.ts"
export * from "./result.ts"
