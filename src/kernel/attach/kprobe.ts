import { existsSync } from "node:fs"
import { SkepError } from "../../base/index.ts"
import { keepUntilExit } from "../cleanup.ts"
import { callFailed, isPermission, kernelAtLeast, permissionError, readNumber, readText } from "../host/index.ts"
import { closeFd, EADDRNOTAVAIL, EINVAL, ENODEV, ENOENT, EOPNOTSUPP } from "../raw/index.ts"
import { lookForTracefs } from "../tracefs.ts"
import { type Attached, byEvent } from "./attacher.ts"
import { addKprobeEvent, probedPlace, removeStaleEvents } from "./kprobeEvents.ts"
import { perfEventOpen, runOnEvent } from "./perf.ts"
import { openTracepoint, tracepointId } from "./tracepoint.ts"

const PMU = "/sys/bus/event_source/devices/kprobe"

/** A probe on a function of the kernel. */
export interface Kprobe {
  /** Name of the function; empty where there is an address. */
  readonly symbol: string
  readonly address?: bigint
  /** Bytes into the function. */
  readonly offset: number
  /** At the function's return rather than its entry. */
  readonly ret: boolean
  /** For a return probe: calls that can be under way at once. */
  readonly maxActive?: number
  readonly cookie?: bigint | number
}

/** How the running kernel makes kprobes. */
export interface KprobeSupport {
  /** Type of the kprobe PMU (Linux 4.17); undefined without one. */
  readonly pmuType: number | undefined
  /** Bit of `config` that makes it a return probe. */
  readonly retBit: number
}

let support: KprobeSupport | undefined

export function kprobeSupport(): KprobeSupport {
  support ??= {
    pmuType: readNumber(`${PMU}/type`),
    retBit: Number(/config:(\d+)/.exec(readText(`${PMU}/format/retprobe`) ?? "")?.[1] ?? 0),
  }
  return support
}

/**
 * Runs a program at a function: by the kprobe PMU, whose probe goes with its descriptor, or by an event in
 * kprobe_events where there is no PMU, or it cannot say what is asked (`maxActive`).
 *
 * Throws `KERNEL_NO_SYMBOL`, `KERNEL_NO_KPROBES`, `KERNEL_KPROBE_REFUSED`, `KERNEL_NO_PERMISSION`.
 */
export function openKprobe(probe: Kprobe, programFd: number, what: string, forceTracefs = false): Attached {
  // What is no name at all must not get into kprobe_events, which reads definitions line by line.
  if (probe.address === undefined && !/^[\w.$:@]{1,511}$/.test(probe.symbol)) throw noSymbol(probe, what)
  removeStaleEvents()
  const { pmuType, retBit } = kprobeSupport()
  if (pmuType === undefined || probe.maxActive !== undefined || forceTracefs) {
    return openByTracefs(probe, programFd, what)
  }
  const config = probe.ret ? 2 ** retBit : 0
  const place =
    probe.address === undefined
      ? { symbol: probe.symbol, offset: probe.offset }
      : { offset: probe.address + BigInt(probe.offset) }
  const fd = perfEventOpen({ type: pmuType, config, ...place })
  if (fd === -ENODEV) return openByTracefs(probe, programFd, what)
  if (fd < 0) throw kprobeRefused(probe, -fd, what)
  const held = runOnEvent(fd, programFd, what, probe.cookie)
  return byEvent("perf kprobe", held, probe.cookie)
}

function openByTracefs(probe: Kprobe, programFd: number, what: string): Attached {
  const folder = lookForTracefs()
  if (kprobeSupport().pmuType === undefined && folder !== undefined && !existsSync(`${folder}/kprobe_events`)) {
    throw noKprobes(what)
  }
  const event = addKprobeEvent(
    probe,
    errno => kprobeRefused(probe, errno, what),
    () => noKprobes(what),
  )
  let fd = -1
  const close = keepUntilExit(() => {
    // An event in use cannot be removed.
    if (fd >= 0) closeFd(fd)
    event.remove()
  })
  try {
    fd = openTracepoint(tracepointId(event.group, event.name), programFd, what, probe.cookie)
    return { method: "tracefs kprobe", close }
  } catch (error) {
    close()
    throw error
  }
}

function noKprobes(what: string): SkepError {
  return new SkepError({
    code: "KERNEL_NO_KPROBES",
    message: `${what}: this kernel has no kprobes`,
    why: "it was built without CONFIG_KPROBES",
    hint: "use a tracepoint (tracepoint__… or raw_tracepoint__…) near the function, or boot a distribution's kernel",
  })
}

function noSymbol(probe: Kprobe, what: string): SkepError {
  return new SkepError({
    code: "KERNEL_NO_SYMBOL",
    message: `${what}: the kernel has no function ${probedPlace(probe)}`,
    hint: "the names are in /proc/kallsyms",
    errno: ENOENT,
  })
}

/** What the kernel means by refusing a probe. */
function kprobeRefused(probe: Kprobe, errno: number, what: string): SkepError {
  if (errno === ENOENT) return noSymbol(probe, what)
  if (isPermission(errno)) return permissionError(what, errno, ["CAP_PERFMON"])
  const refused = (why: string, hint: string): SkepError =>
    new SkepError({
      code: "KERNEL_KPROBE_REFUSED",
      message: `${what}: the kernel refuses a probe there`,
      why,
      hint,
      errno,
    })
  if (errno === EADDRNOTAVAIL) {
    return refused(
      `several functions are called ${probe.symbol}`,
      "probe another function that calls it or that it calls",
    )
  }
  if (probe.offset !== 0) {
    return refused(
      `${probe.symbol}+${probe.offset} is not the start of an instruction inside the function${probe.ret ? ", and a return probe takes none" : ""}`,
      "leave the offset out, or take one from the function's disassembly",
    )
  }
  if (errno === EINVAL || errno === EOPNOTSUPP) {
    return refused(
      "some functions must not be probed: those that probes themselves use, and those on the kernel's list",
      "choose a caller of it; the list is /sys/kernel/debug/kprobes/blacklist",
    )
  }
  return callFailed(what, errno, {
    hint: kernelAtLeast("4.17")
      ? undefined
      : "kernels before 4.17 need tracefs: mount -t tracefs tracefs /sys/kernel/tracing",
  })
}
