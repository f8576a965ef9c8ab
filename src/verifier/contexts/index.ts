export * from "./access.ts"
export * from "./returns.ts"
