export * from "./machine.ts"
export * from "./map.ts"
export * from "./program.ts"
export * from "./trace.ts"
