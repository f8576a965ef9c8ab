export * from "./find.ts"
export * from "./maps.ts"
export type { Argument, ArgumentKind, Direction, Prototype, Result } from "./notation.ts"
export { versionNumber } from "./notation.ts"
