import { koffiSys } from "./koffi.ts"
import type { Sys } from "./sys.ts"

export * from "./errno.ts"
export type { Sys, SyscallNumbers, Watcher } from "./sys.ts"

let current: Sys | undefined

/** The process's way to make system calls; koffi is loaded at the first use. */
export function sys(): Sys {
  current ??= koffiSys()
  return current
}

/** Puts another foreign function interface in koffi's place. Call it before anything is loaded. */
export function setSys(replacement: Sys): void {
  current = replacement
}
