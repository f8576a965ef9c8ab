export { cacheFolder } from "./folder.ts"
export { keep, readKept } from "./keep.ts"
export { used } from "./used.ts"
