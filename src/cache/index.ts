export { cacheFolder } from "./folder.ts"
export { type KeptFile, keep, openKept, readKept } from "./keep.ts"
export { used } from "./used.ts"
