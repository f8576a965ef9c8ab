import { closeSync, openSync, readFileSync } from "node:fs"
import type { Sys } from "./sys.ts"

/** Commands of bpf(2) that give a descriptor. Source: Linux include/uapi/linux/bpf.h, `enum bpf_cmd`. */
const GIVE_DESCRIPTOR: ReadonlySet<number> = new Set([0, 5, 7, 13, 14, 17, 18, 19, 28, 30, 32, 33, 36])

/** Command of fcntl(2) that gives another number for a descriptor. */
const F_DUPFD_CLOEXEC = 1030
const O_CLOEXEC = 0o2000000
/** Flags of dlopen(3): look symbols up when they are used; never unload. The same in glibc and musl. */
const RTLD_LAZY_NODELETE = 1 | 0x1000

/**
 * System calls of a worker thread. A thread can be ended at any moment (`worker.terminate()`), and no code of its own runs then: the process's
 * descriptors would stay, and programs attached. Node closes descriptors that came from its own `open` when the thread ends. So each one
 * that a call gives takes the number of one of Node's:
 *
 *     open("/dev/null") = 30          Node knows 30
 *     bpf(BPF_LINK_CREATE, …) = 31
 *     dup3(31, 30); close(31)         30 is the link
 *
 * Memory that is mapped stays until the process ends: buffers of events that were open, and nothing that runs.
 */
export function forThread(sys: Sys): Sys {
  const { numbers } = sys
  const owned = new Set<number>()
  const always: ReadonlySet<number> = new Set([numbers.perfEventOpen, numbers.socket, numbers.pidfdOpen])
  const gives = (number: number, first: number, second: number | undefined): boolean => {
    if (number === numbers.bpf) return GIVE_DESCRIPTOR.has(first)
    return always.has(number) || (number === numbers.fcntl && second === F_DUPFD_CLOEXEC)
  }

  const own = (fd: number): number => {
    let known: number
    try {
      known = openSync("/dev/null", "r")
    } catch {
      // No descriptor is left: what there is goes on.
      return fd
    }
    const moved = sys.call(numbers.dup3, fd, known, O_CLOEXEC)
    if (moved < 0) {
      closeSync(known)
      return fd
    }
    sys.call(numbers.close, fd)
    owned.add(known)
    return known
  }

  return {
    ...sys,
    call(number, a, b, c, d, e, f) {
      if (number === numbers.close && owned.delete(a)) {
        closeSync(a)
        return 0
      }
      const result = sys.call(number, a, b, c, d, e, f)
      return result >= 0 && gives(number, a, b) ? own(result) : result
    },
  }
}

/**
 * Path of koffi's native part, as this process has it in memory; undefined when it cannot be told. A thread that was ended leaves handles to its event
 * loop, which calls back into that part: it must not be unloaded with the thread, as the last one that uses it would do.
 */
export function nativePart(maps: string = readFileSync("/proc/self/maps", "utf8")): string | undefined {
  return /\s(\/\S.*koffi[^/\n]*\.node)$/m.exec(maps)?.[1]
}

/** Keeps a library in memory until the process ends; `dlopen` is that of the C library. */
export function keepLoaded(path: string | undefined, dlopen: (path: string, flags: number) => unknown): void {
  if (path !== undefined) dlopen(path, RTLD_LAZY_NODELETE)
}
