import { KernelSymbols, type Located } from "./kallsyms.ts"
import { syscallName } from "./syscalls.ts"

let running: KernelSymbols | undefined

/** The running kernel's symbols, read once a process; `fresh` reads them again (modules and programs come and go). */
export function kernelSymbols(fresh = false): KernelSymbols {
  if (running === undefined || fresh) running = KernelSymbols.read()
  return running
}

let readAt = 0

/**
 * The running kernel's function that an address is in. Modules and programs come and go: an address that is not known makes the table be read
 * again, at most once a second.
 */
export function locateKernel(address: bigint): Located | undefined {
  const found = kernelSymbols().locate(address)
  if (found !== undefined || performance.now() - readAt < 1000) return found
  readAt = performance.now()
  return kernelSymbols(true).locate(address)
}

/** Names of the running kernel's functions, for those who attach to them: the table is read only where it is needed. */
export const kernelFunctions = {
  /** The name under which the kernel has a function; see {@link KernelSymbols.resolve}. */
  resolve: (name: string): string => kernelSymbols().resolve(name),
  /** The function behind a system call. */
  syscall: (name: string): string => syscallName(name),
}
