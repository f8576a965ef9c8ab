export * from "./unit.ts"
