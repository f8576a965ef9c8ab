export * from "./object.ts"
