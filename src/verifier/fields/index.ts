export * from "./of.ts"
export * from "./record.ts"
