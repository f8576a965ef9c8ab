import { release } from "node:os"

/**
 * What kernels put before the name of a system call to name its function, and since when: before, and on other
 * processors, it is `sys_`. Source: Linux arch/{x86,arm64,s390,riscv}/include/asm/syscall_wrapper.h.
 */
const NATIVE: Readonly<Record<string, { readonly prefix: string; readonly since: readonly [number, number] }>> = {
  x64: { prefix: "__x64_sys_", since: [4, 17] },
  arm64: { prefix: "__arm64_sys_", since: [4, 19] },
  s390x: { prefix: "__s390x_sys_", since: [4, 17] },
  riscv64: { prefix: "__riscv_sys_", since: [6, 6] },
}

/** Every prefix there is; longer ones before those that they end with. */
const PREFIXES = [
  "__x64_sys_",
  "__x32_compat_sys_",
  "__ia32_compat_sys_",
  "__ia32_sys_",
  "__arm64_sys_",
  "__s390x_sys_",
  "__s390_sys_",
  "__riscv_sys_",
  "sys_",
]

/** The prefix on a processor (Node's name of it) and a kernel release. */
export function syscallPrefix(arch: string = process.arch, kernel: string = release()): string {
  const native = NATIVE[arch]
  if (native === undefined) return "sys_"
  const [major = 0, minor = 0] = kernel.split(".").map(Number)
  const [sinceMajor, sinceMinor] = native.since
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor) ? native.prefix : "sys_"
}

/** A system call's plain name: `clone` for `clone`, `sys_clone` and `__x64_sys_clone`. */
export function bareSyscallName(name: string): string {
  const prefix = PREFIXES.find(p => name.startsWith(p) && name.length > p.length)
  return prefix === undefined ? name : name.slice(prefix.length)
}

/** The kernel's function for a system call: `clone` is `__x64_sys_clone` on x64. A name with any prefix is taken, too. */
export function syscallName(name: string, arch?: string, kernel?: string): string {
  return syscallPrefix(arch, kernel) + bareSyscallName(name)
}

/** The names of a system call's function under other prefixes; none for a name that has no prefix. */
export function otherSyscallNames(name: string): string[] {
  const bare = bareSyscallName(name)
  return bare === name ? [] : PREFIXES.map(prefix => prefix + bare).filter(other => other !== name)
}
