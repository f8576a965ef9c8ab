export * from "./ast.ts"
export * from "./token.ts"
export * from "./types.ts"
