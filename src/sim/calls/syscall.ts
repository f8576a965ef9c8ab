import type { Kernel } from "../kernel.ts"
import type { Word } from "../places/word.ts"
import { wordOf } from "../places/word.ts"
import type { Task } from "../tasks/task.ts"
import type { Steps } from "../time/steps.ts"

/** Numbers of the system calls that are simulated. Source: arch/x86/entry/syscalls/syscall_64.tbl. */
const NUMBERS = {
  read: 0,
  write: 1,
  open: 2,
  close: 3,
  poll: 7,
  mmap: 9,
  munmap: 11,
  brk: 12,
  pread64: 17,
  pwrite64: 18,
  shmget: 29,
  shmat: 30,
  shmctl: 31,
  nanosleep: 35,
  getpid: 39,
  socket: 41,
  connect: 42,
  accept: 43,
  sendto: 44,
  recvfrom: 45,
  sendmsg: 46,
  recvmsg: 47,
  bind: 49,
  listen: 50,
  socketpair: 53,
  setsockopt: 54,
  clone: 56,
  execve: 59,
  wait4: 61,
  kill: 62,
  shmdt: 67,
  fsync: 74,
  getdents64: 217,
  mkdir: 83,
  rmdir: 84,
  link: 86,
  unlink: 87,
  symlink: 88,
  chmod: 90,
  sync: 162,
  mount: 165,
  umount: 166,
  futex: 202,
  epoll_wait: 232,
  exit_group: 231,
  openat: 257,
  newfstatat: 262,
  unlinkat: 263,
  unshare: 272,
  renameat: 264,
  statx: 332,
  newstat: 4,
  statfs: 137,
  openat2: 437,
} as const

/** A system call that is simulated. */
export type SyscallName = keyof typeof NUMBERS

const REGISTERS = ["di", "si", "dx", "r10", "r8", "r9"] as const
/** Functions that lead from a system call to its own. */
const ENTRY = ["entry_SYSCALL_64_after_hwframe", "do_syscall_64", "x64_sys_call"]
/** Names that the kernel's functions have where they are not those of the system calls. */
const FUNCTIONS: Readonly<Record<string, string>> = { umount: "umount" }

/**
 * A system call: the tracepoints of `raw_syscalls` and `syscalls`, and the kernel's function for it with the caller's registers as its one argument,
 * as on x86-64 since Linux 4.17. `ended` is what a task does at its end that a signal is to end.
 */
export function* syscall<T extends Word>(
  kernel: Kernel,
  task: Task,
  name: SyscallName,
  args: readonly Word[],
  body: () => Steps<T> | T,
  ended: (task: Task) => Steps<void>,
): Steps<T> {
  const number = NUMBERS[name]
  const { regs, frames } = task
  const words = REGISTERS.map((_, i) => wordOf(args[i]))
  regs.set({ orig_ax: number, ax: -38, ip: 0x7ffff7d14992n })
  for (const [i, register] of REGISTERS.entries()) regs.set({ [register]: words[i] })
  frames.push(...ENTRY)
  yield kernel.between(80, 200)
  kernel.tracepoint(
    "raw_syscalls:sys_enter",
    () => ({ id: number, args: words }),
    () => [regs, number],
  )
  if (kernel.places.has("tracepoint", `syscalls:sys_enter_${name}`)) {
    const format = argumentNames(kernel, name)
    const fields = Object.fromEntries(format.map((field, i) => [field, words[i]]))
    kernel.tracepoint(`syscalls:sys_enter_${name}`, () => ({ __syscall_nr: number, ...fields }))
  }
  const result = yield* kernel.call(`__x64_sys_${FUNCTIONS[name] ?? name}`, [regs], body, kernel.between(60, 180))
  const ret = wordOf(result)
  regs.set({ ax: ret })
  kernel.tracepoint(`syscalls:sys_exit_${name}`, () => ({ __syscall_nr: number, ret }))
  kernel.tracepoint(
    "raw_syscalls:sys_exit",
    () => ({ id: number, ret }),
    () => [regs, ret],
  )
  frames.length -= ENTRY.length
  yield kernel.between(80, 200)
  if (task.fatal !== undefined) yield* ended(task)
  return result
}

/** Names of a system call's arguments, as its tracepoint has them. */
function argumentNames(kernel: Kernel, name: string): string[] {
  const format = kernel.snapshot.formats.get(`syscalls:sys_enter_${name}`) ?? ""
  const fields = [...format.matchAll(/^\s*field:[^;\n]*?(\w+);\s*offset:(\d+)/gm)]
  return fields.filter(([, , offset]) => Number(offset) >= 16).map(([, field]) => field)
}
