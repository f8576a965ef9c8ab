export { Replay, type ReplayResult } from "./replay.ts"
