import { closeSync, openSync, readdirSync } from "node:fs"
import { SkepError } from "../../base/index.ts"
import type { PerfEventTarget } from "../../machine/index.ts"
import { callFailed, isPermission, onlineCpus, permissionError } from "../host/index.ts"
import { closeFd, EINVAL, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP, ESRCH, sys, syscall } from "../raw/index.ts"
import type { Attacher } from "./attacher.ts"
import { runOnEvent } from "./perf.ts"
import { type CounterAttr, counterOf, counterText } from "./perfEventNames.ts"

// Sources: Linux include/uapi/linux/perf_event.h (`struct perf_event_attr`, `PERF_FLAG_…`).
const ATTR_SIZE = 112
const DISABLED = 1n << 0n
const INHERIT = 1n << 1n
const FREQUENCY = 1n << 10n
const PERF_FLAG_PID_CGROUP = 4
const PERF_FLAG_FD_CLOEXEC = 8

/**
 * A program at a counter of perf (Linux 4.9). The kernel has an event for each CPU, or for each thread of a process, and one descriptor for
 * each; all are made before the first runs the program, so that after an error none has.
 */
export const perfEvent: Attacher<PerfEventTarget> = {
  types: ["perf_event"],
  text: ({ event, pid, cpu, cgroup }) =>
    [
      counterText(event),
      pid === undefined ? "" : ` of process ${pid}`,
      cpu === undefined ? "" : ` on CPU ${cpu}`,
      cgroup === undefined ? "" : ` in ${cgroup}`,
    ].join(""),
  open(target, { program, what }) {
    const attr = attrOf(target)
    const open: number[] = []
    const close = (): void => {
      for (const fd of open.splice(0)) closeFd(fd)
    }
    const folder = target.cgroup === undefined ? undefined : openFolder(target.cgroup, what)
    try {
      for (const { pid, cpu } of places(target, folder)) {
        const fd = openEvent(attr, pid, cpu, target, folder !== undefined)
        // A thread that has ended meanwhile is not missed.
        if (fd === -ESRCH && target.pid !== undefined) continue
        if (fd < 0) throw refused(target, what, -fd)
        open.push(fd)
      }
      if (open.length === 0) throw refused(target, what, ESRCH)
      for (const [i, fd] of open.entries()) {
        // It closes the event that fails.
        open[i] = -1
        open[i] = runOnEvent(fd, program.fd, what, target.cookie)
      }
    } catch (error) {
      for (let i = open.length - 1; i >= 0; i--) if (open[i] < 0) open.splice(i, 1)
      close()
      throw error
    } finally {
      if (folder !== undefined) closeSync(folder)
    }
    return { method: "perf event", close }
  },
}

/**
 *     u32 type, size; u64 config, sample_period or sample_freq, sample_type, read_format, bits; u32 wakeup, bp_type;
 *     u64 config1 or bp_addr, config2 or bp_len; …
 */
export function attrOf(target: PerfEventTarget, inherit = target.pid !== undefined): Uint8Array {
  const counter: CounterAttr = counterOf(target.event)
  const bytes = new Uint8Array(ATTR_SIZE)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, counter.type, true)
  view.setUint32(4, ATTR_SIZE, true)
  view.setBigUint64(8, counter.config, true)
  view.setBigUint64(16, BigInt(target.frequency ?? target.period ?? 1), true)
  view.setBigUint64(40, DISABLED | (inherit ? INHERIT : 0n) | (target.frequency === undefined ? 0n : FREQUENCY), true)
  view.setUint32(52, counter.breakpoint, true)
  view.setBigUint64(56, counter.config1, true)
  view.setBigUint64(64, counter.config2, true)
  return bytes
}

interface Place {
  readonly pid: number
  readonly cpu: number
}

/** For whom and where events are made: -1 is every process or every CPU, and the kernel does not take both. */
function places({ pid, cpu }: PerfEventTarget, folder: number | undefined): Place[] {
  if (pid !== undefined) return threads(pid).map(thread => ({ pid: thread, cpu: cpu ?? -1 }))
  const cpus = cpu === undefined ? onlineCpus() : [cpu]
  return cpus.map(one => ({ pid: folder ?? -1, cpu: one }))
}

/** Threads of a process; the number itself where it has gone, so that the kernel says so. */
function threads(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return [pid]
  }
}

export function openEvent(
  attr: Uint8Array,
  pid: number,
  cpu: number,
  target: PerfEventTarget,
  ofGroup: boolean,
): number {
  const flags = PERF_FLAG_FD_CLOEXEC | (ofGroup ? PERF_FLAG_PID_CGROUP : 0)
  return syscall(sys().numbers.perfEventOpen, attr, pid, cpu, target.group ?? -1, flags)
}

function openFolder(path: string, what: string): number {
  try {
    return openSync(path, "r")
  } catch (cause) {
    throw new SkepError({
      code: "KERNEL_NO_PERF_EVENT",
      message: `${what}: there is no group ${path}`,
      hint: "give the path of a folder in the cgroup file system, which most often is /sys/fs/cgroup",
      cause,
    })
  }
}

export function refused(target: PerfEventTarget, what: string, errno: number): SkepError {
  const failed = (why: string, hint: string): SkepError =>
    new SkepError({ code: "KERNEL_NO_PERF_EVENT", message: `${what}: ${why}`, hint, errno })
  if (isPermission(errno)) return permissionError(what, errno, ["CAP_PERFMON"])
  if (errno === ESRCH)
    return failed(`there is no process ${target.pid}`, "it has ended, or is in another pid namespace")
  if (errno === ENOENT || errno === EOPNOTSUPP || (errno === ENODEV && target.cpu === undefined)) {
    return failed(
      "this computer does not have the counter",
      "virtual machines often have no hardware counters: cpu-clock counts time everywhere",
    )
  }
  if (errno === ENODEV)
    return failed(`CPU ${target.cpu} does not run`, "the CPUs that do are in /sys/devices/system/cpu/online")
  if (errno === ENOSPC) return failed("the processor watches no more addresses", "detach another breakpoint before")
  return callFailed(what, errno, {
    hint:
      errno === EINVAL
        ? "the kernel takes no such period or frequency (see /proc/sys/kernel/perf_event_max_sample_rate), or no such combination"
        : undefined,
  })
}
