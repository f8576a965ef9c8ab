/** Names of what is traced, where it is not this computer's kernel and not its processes. */
export interface MachineSymbols {
  /** Functions of the kernel that can be probed. */
  readonly functions: readonly string[]
  /** Tracepoints, as `category:event`. */
  readonly tracepoints: Iterable<string>
  /** Address of a function or a variable of the kernel; undefined where there is none. */
  address(name: string): bigint | undefined
  /** The function that an address lies in, of the kernel or of a process, and how far; undefined elsewhere. */
  locate(address: bigint): { readonly name: string; readonly offset: number } | undefined
}
