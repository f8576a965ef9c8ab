export * from "./arguments.ts"
export * from "./match.ts"
export * from "./walk.ts"
