import type { Btf } from "../btf/index.ts"

/** What the kernel machine asks about the kernel's functions, when it must. */
export interface FunctionNames {
  /** The real name of a function that the kernel does not know as `name` (`f` is `f.isra.0`, say). Throws when there is none. */
  resolve(name: string): string
  /** The function behind a system call: `clone` is `__x64_sys_clone`. */
  syscall(name: string): string
}

export interface KernelOptions {
  readonly functions: FunctionNames
  /** The running kernel's types, for programs that are bound to a kernel function; read when first needed. */
  readonly kernelBtf: () => Btf
}
