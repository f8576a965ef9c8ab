import { SkepError } from "../../base/index.ts"
import { linkPerfEvent } from "../bpf/index.ts"
import { callFailed, isPermission, kernelAtLeast, permissionError } from "../host/index.ts"
import { closeFd, EEXIST, sys, syscall } from "../raw/index.ts"

// Sources: Linux include/uapi/linux/perf_event.h, include/uapi/asm-generic/ioctl.h.
export const PERF_TYPE_TRACEPOINT = 2
const PERF_FLAG_FD_CLOEXEC = 8
export const PERF_EVENT_IOC_ENABLE = 0x2400
const PERF_EVENT_IOC_SET_BPF = 0x40042408
/** `PERF_ATTR_SIZE_VER5`, in every kernel since 4.1. */
const ATTR_SIZE = 112

/** What of `struct perf_event_attr` a probe or tracepoint needs. */
export interface PerfEvent {
  readonly type: number
  readonly config: number | bigint
  /** Name of a function, or path of a file, whose address goes to config1 (`kprobe_func`, `uprobe_path`). */
  readonly symbol?: string
  /** config2: bytes into the function, or into the file; without either an address. */
  readonly offset?: number | bigint
  /** The process whose events count, on all CPUs; every process without it. */
  readonly pid?: number
}

/**
 * Opens an event of the whole machine on CPU 0 (for programs the CPU does not matter, they run on all), or of a process. A descriptor, or
 * −errno.
 *
 *     u32 type, size; u64 config; u64 sample_period, sample_type, read_format, bits; u32 wakeup, bp_type;
 *     u64 config1, config2; …
 */
export function perfEventOpen(event: PerfEvent): number {
  const name = new TextEncoder().encode(`${event.symbol ?? ""}\0`)
  // The name stands behind the attr in the same buffer, and so lives as long.
  const bytes = new Uint8Array(ATTR_SIZE + name.length)
  bytes.set(name, ATTR_SIZE)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, event.type, true)
  view.setUint32(4, ATTR_SIZE, true)
  view.setBigUint64(8, BigInt(event.config), true)
  if (event.symbol !== undefined) view.setBigUint64(56, BigInt(sys().address(bytes) + ATTR_SIZE), true)
  view.setBigUint64(64, BigInt(event.offset ?? 0), true)
  const { pid = -1 } = event
  return syscall(sys().numbers.perfEventOpen, bytes, pid, pid === -1 ? 0 : -1, -1, PERF_FLAG_FD_CLOEXEC)
}

/**
 * Makes an event run a program, and starts it; the descriptor that holds it all. With a `cookie` that is a link (Linux 5.15), else the event.
 * Closes the event and throws when that fails.
 */
export function runOnEvent(eventFd: number, programFd: number, what: string, cookie?: bigint | number): number {
  const { ioctl } = sys().numbers
  let held = eventFd
  let result =
    cookie === undefined
      ? syscall(ioctl, eventFd, PERF_EVENT_IOC_SET_BPF, programFd)
      : (held = linkPerfEvent(programFd, eventFd, BigInt(cookie)))
  if (result >= 0) result = syscall(ioctl, eventFd, PERF_EVENT_IOC_ENABLE, 0)
  // A link holds the event by itself.
  if (held !== eventFd || result < 0) closeFd(eventFd)
  if (result >= 0) return held
  if (held !== eventFd && held >= 0) closeFd(held)
  if (isPermission(-result)) throw permissionError(what, -result, ["CAP_PERFMON"])
  if (result === -EEXIST) {
    throw new SkepError({
      code: "KERNEL_ATTACHED",
      message: `${what}: the program is attached there already`,
      hint: "keep the link of the first time, or detach it before",
      errno: EEXIST,
    })
  }
  if (cookie !== undefined && !kernelAtLeast("5.15")) throw noCookies(what, "5.15", -result)
  throw callFailed(what, -result, {
    hint: "the program reads beyond the event's arguments, or has another type than the event",
  })
}

/** The kernel cannot give a program at such a place a number of its own. */
export function noCookies(what: string, minKernel: string, errno: number): SkepError {
  return new SkepError({
    code: "KERNEL_NO_COOKIE",
    message: `${what}: the kernel keeps no cookie for such an attachment`,
    hint: "attach without one, and load one function for each place",
    missing: { feature: "attach cookies", minKernel },
    errno,
  })
}
