export * from "./record.ts"
