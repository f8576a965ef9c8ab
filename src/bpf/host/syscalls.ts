import { bareSyscallName, syscallTable } from "../../symbols/index.ts"

/**
 * The names of the system calls by their numbers, as of Linux 6.18; empty for a processor other than x64 and arm64.
 *
 *     syscalls().get(0)   // "read" on x64
 *
 * Source: the kernel's arch/x86/entry/syscalls/syscall_64.tbl and scripts/syscall.tbl.
 */
export function syscalls(arch: string = process.arch): ReadonlyMap<number, string> {
  return syscallTable(arch)
}

/** The name of a system call by the number that `raw_syscalls:sys_enter` gives as `id`; `[unknown: 9999]` for one that is not known. */
export function syscallOfNumber(number: number | bigint, arch: string = process.arch): string {
  return syscallTable(arch).get(Number(number)) ?? `[unknown: ${number}]`
}

/** The number of a system call by its name, with any of the kernel's prefixes or without: `openat`, `__x64_sys_openat`; undefined when there is none. */
export function syscallNumber(name: string, arch: string = process.arch): number | undefined {
  const bare = bareSyscallName(name)
  for (const [number, one] of syscallTable(arch)) if (one === bare) return number
  return undefined
}
