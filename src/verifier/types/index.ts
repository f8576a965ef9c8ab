export * from "./arguments.ts"
export * from "./walk.ts"
