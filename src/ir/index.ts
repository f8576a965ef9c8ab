export * from "./ir.ts"
