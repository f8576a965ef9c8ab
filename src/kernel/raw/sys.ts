/**
 * The one thing skep needs of a foreign function interface: system calls, the address of a buffer, a view of mapped
 * memory, and to be told when a descriptor can be read. Whoever implements these five members can take koffi's place.
 */
export interface Sys {
  /** Numbers of the system calls on this processor. */
  readonly numbers: SyscallNumbers
  /**
   * Makes a system call. Arguments are numbers: integers, file descriptors or addresses (a user-space address fits a
   * double). Returns what the kernel returns: a value ≥ 0, or −errno. Never throws for a failed call.
   */
  call(number: number, a: number, b?: number, c?: number, d?: number, e?: number, f?: number): number
  /**
   * Address of the first byte, 0 for an empty array. It stays valid as long as the array's buffer is reachable: hold a
   * reference to it until the call that uses the address has returned.
   */
  address(bytes: Uint8Array): number
  /** The memory at an address as an array, without a copy. It must not be touched after the memory is unmapped. */
  view(address: number, length: number): Uint8Array
  /** Calls `ready` from the event loop whenever `fd` can be read, until closed. */
  watch(fd: number, ready: () => void): Watcher
}

export interface Watcher {
  /** Whether watching keeps the process alive; it does in the beginning. */
  keepAlive(keep: boolean): void
  close(): void
}

export interface SyscallNumbers {
  readonly bpf: number
  readonly perfEventOpen: number
  readonly ioctl: number
  readonly mmap: number
  readonly munmap: number
  readonly close: number
  readonly dup3: number
  /** Only to give a descriptor a second number: F_DUPFD_CLOEXEC. */
  readonly fcntl: number
  readonly prlimit64: number
  readonly mount: number
  readonly socket: number
  readonly bind: number
  readonly sendto: number
  readonly recvfrom: number
  readonly recvmmsg: number
  readonly setsockopt: number
  readonly getsockopt: number
  readonly pidfdOpen: number
}

// Sources: Linux arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
const x64: SyscallNumbers = {
  bpf: 321,
  perfEventOpen: 298,
  ioctl: 16,
  mmap: 9,
  munmap: 11,
  close: 3,
  dup3: 292,
  fcntl: 72,
  prlimit64: 302,
  mount: 165,
  socket: 41,
  bind: 49,
  sendto: 44,
  recvfrom: 45,
  recvmmsg: 299,
  setsockopt: 54,
  getsockopt: 55,
  pidfdOpen: 434,
}
const generic: SyscallNumbers = {
  bpf: 280,
  perfEventOpen: 241,
  ioctl: 29,
  mmap: 222,
  munmap: 215,
  close: 57,
  dup3: 24,
  fcntl: 25,
  prlimit64: 261,
  mount: 40,
  socket: 198,
  bind: 200,
  sendto: 206,
  recvfrom: 207,
  recvmmsg: 243,
  setsockopt: 208,
  getsockopt: 209,
  pidfdOpen: 434,
}

/** The numbers by Node's name of the processor; undefined where skep does not know them. */
export function syscallNumbers(arch: string): SyscallNumbers | undefined {
  if (arch === "x64") return x64
  return arch === "arm64" || arch === "riscv64" || arch === "loong64" ? generic : undefined
}
