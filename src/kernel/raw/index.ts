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

const held: Uint8Array[] = []

/** A system call whose arguments may be buffers, for the paths where an allocation does not matter. */
export function syscall(number: number, ...args: (number | Uint8Array)[]): number {
  const raw = sys()
  const words = args.map(arg => {
    if (typeof arg === "number") return arg
    // The global list keeps the buffer from the garbage collector until the call has returned.
    held.push(arg)
    return raw.address(arg)
  })
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = words
  const result = raw.call(number, a, b, c, d, e, f)
  held.length = 0
  return result
}

/** Closes a descriptor. A failure means that it was not open, which a caller cannot mend. */
export function closeFd(fd: number): void {
  const raw = sys()
  raw.call(raw.numbers.close, fd)
}
