import { KernelSymbols } from "./kallsyms.ts"
import { syscallName } from "./syscalls.ts"

let running: KernelSymbols | undefined

/** The running kernel's symbols, read once a process; `fresh` reads them again (modules and programs come and go). */
export function kernelSymbols(fresh = false): KernelSymbols {
  if (running === undefined || fresh) running = KernelSymbols.read()
  return running
}

/** Names of the running kernel's functions, for those who attach to them: the table is read only where it is needed. */
export const kernelFunctions = {
  /** The name under which the kernel has a function; see {@link KernelSymbols.resolve}. */
  resolve: (name: string): string => kernelSymbols().resolve(name),
  /** The function behind a system call. */
  syscall: (name: string): string => syscallName(name),
}
