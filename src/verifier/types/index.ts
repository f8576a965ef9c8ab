export * from "./walk.ts"
