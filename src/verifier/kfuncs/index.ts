export * from "./find.ts"
