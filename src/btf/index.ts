export * from "./btf.ts"
export * from "./format.ts"
export * from "./member.ts"
export * from "./types.ts"
