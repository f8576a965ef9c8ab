/** The bundle that the library and the command line share: the public API, and the command line for those who run it. */
export { used } from "./cache/index.ts"
export * from "./index.ts"

export const testing = async () => await import("./testing/index.ts")
export const bundler = async () => await import("./bundler/index.ts")
export const commandLine = async () => (await import("./cli/index.ts")).dispatch
