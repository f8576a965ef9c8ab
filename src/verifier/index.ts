export * from "./explain/index.ts"
export * from "./input.ts"
export * from "./result.ts"
export { verify } from "./verify.ts"
