export type { Formats } from "./formats.ts"
export { CATEGORIES } from "./roots.ts"
export { type KernelSnapshot, makeSnapshot, openSnapshot, type SnapshotInput } from "./snapshot.ts"
