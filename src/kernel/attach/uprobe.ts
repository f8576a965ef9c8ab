import { SkepError } from "../../base/index.ts"
import { linkPerfEvent, linkUprobeMulti } from "../bpf/index.ts"
import {
  callFailed,
  hasCapability,
  isPermission,
  permissionError,
  readNumber,
  readPrivilege,
  readText,
} from "../host/index.ts"
import { closeFd, EINVAL, ENODEV, ENOENT, EOPNOTSUPP, ESRCH, errnoText } from "../raw/index.ts"
import type { Attached } from "./attacher.ts"
import { perfEventOpen, runOnEvent } from "./perf.ts"
import { hasUprobeEvents, openUprobeEvent } from "./uprobeEvents.ts"

const PMU = "/sys/bus/event_source/devices/uprobe"

/** A probe on a place in a file's code. */
export interface Uprobe {
  /** As this process opens it. */
  readonly path: string
  /** Byte of the file. */
  readonly offset: number
  /** At the function's return rather than at its entry. */
  readonly ret: boolean
  /** Byte of the file where a 16-bit counter is that the kernel raises in every process while the place is watched. Linux 4.20. */
  readonly counter?: number
  readonly pid?: number
  readonly cookie?: bigint
}

/** Probes in force. */
export interface OpenUprobe extends Attached {
  readonly method: "perf uprobe" | "tracefs uprobe" | "uprobe.multi"
}

interface Support {
  /** Type of the uprobe PMU (Linux 4.17); undefined without one. */
  readonly pmuType: number | undefined
  /** Bit of `config` that makes it a return probe. */
  readonly retBit: number
  /** Bit of `config` where the counter's offset begins; undefined where the kernel has no counters. */
  readonly counterBit: number | undefined
}

let support: Support | undefined

function uprobeSupport(): Support {
  const bit = (name: string): number | undefined => {
    const found = /config:(\d+)/.exec(readText(`${PMU}/format/${name}`) ?? "")
    return found === null ? undefined : Number(found[1])
  }
  support ??= {
    pmuType: readNumber(`${PMU}/type`),
    retBit: bit("retprobe") ?? 0,
    counterBit: bit("ref_ctr_offset"),
  }
  return support
}

/**
 * Runs a program at places of a file's code: each by an event of the uprobe PMU, whose probe goes with its descriptor, or by an event in
 * uprobe_events where there is no PMU. Some have no effect alone: after an error none is left. The program runs in the traced process's
 * context, on any CPU.
 *
 * Throws `KERNEL_NO_UPROBES`, `KERNEL_UPROBE_REFUSED`, `KERNEL_NO_PERMISSION`.
 */
export function openUprobes(
  probes: readonly Uprobe[],
  programFd: number,
  what: string,
  forceTracefs = false,
): OpenUprobe {
  const open: (() => void)[] = []
  const close = (): void => {
    for (const one of open.splice(0).reverse()) one()
  }
  const byTracefs = uprobeSupport().pmuType === undefined || forceTracefs
  try {
    for (const probe of probes) {
      if (byTracefs) open.push(openByTracefs(probe, programFd, what))
      else for (const fd of openByPmu(probe, programFd, what)) open.push(() => closeFd(fd))
    }
  } catch (error) {
    close()
    throw error
  }
  return { method: byTracefs ? "tracefs uprobe" : "perf uprobe", close }
}

/** Runs a program that was loaded for many places at once at all of them, by one link. Throws as {@link openUprobes} does. */
export function openUprobeMulti(probes: readonly Uprobe[], programFd: number, what: string): OpenUprobe {
  const [{ path, ret, pid }] = probes
  const fd = linkUprobeMulti(programFd, {
    path,
    ret,
    pid,
    offsets: probes.map(probe => probe.offset),
    counters: probes.some(probe => probe.counter) ? probes.map(probe => probe.counter ?? 0) : undefined,
    cookies: probes.some(probe => probe.cookie) ? probes.map(probe => probe.cookie ?? 0n) : undefined,
  })
  if (fd < 0) throw refused(probes[0], -fd, what)
  return { method: "uprobe.multi", linkFd: fd, close: () => closeFd(fd) }
}

/** The descriptors that hold a probe. */
function openByPmu(probe: Uprobe, programFd: number, what: string): number[] {
  const { pmuType = 0, retBit, counterBit } = uprobeSupport()
  if (probe.counter !== undefined && counterBit === undefined) throw noCounters(what)
  const counter = BigInt(probe.counter ?? 0) << BigInt(counterBit ?? 32)
  const config = (probe.ret ? 1n << BigInt(retBit) : 0n) | counter
  const fd = perfEventOpen({ type: pmuType, config, symbol: probe.path, offset: probe.offset, pid: probe.pid })
  if (fd < 0) throw refused(probe, -fd, what)
  return runWithCookie(fd, programFd, probe.cookie, what)
}

/** Starts the event; closes it and throws when that fails. */
function runWithCookie(eventFd: number, programFd: number, cookie: bigint | undefined, what: string): number[] {
  if (cookie === undefined) {
    runOnEvent(eventFd, programFd, what)
    return [eventFd]
  }
  const link = linkPerfEvent(programFd, eventFd, cookie)
  if (link >= 0) return [eventFd, link]
  closeFd(eventFd)
  if (isPermission(-link)) throw permissionError(what, -link, ["CAP_PERFMON"])
  throw new SkepError({
    code: "KERNEL_CALL",
    message: `${what} with a cookie: ${errnoText(-link)}`,
    hint: "leave the cookie out on kernels before 5.15",
    missing: { feature: "cookies of attachments", minKernel: "5.15" },
    errno: -link,
  })
}

function openByTracefs(probe: Uprobe, programFd: number, what: string): () => void {
  if (!hasUprobeEvents()) throw noUprobes(what)
  return openUprobeEvent(
    probe,
    errno => refused(probe, errno, what),
    (event, held) => {
      for (const fd of runWithCookie(event, programFd, probe.cookie, what)) held.push(fd)
    },
  )
}

const noUprobes = (what: string): SkepError =>
  new SkepError({
    code: "KERNEL_NO_UPROBES",
    message: `${what}: this kernel has no uprobes`,
    why: "it was built without CONFIG_UPROBE_EVENTS",
    hint: "boot a distribution's kernel",
  })

const noCounters = (what: string): SkepError =>
  new SkepError({
    code: "KERNEL_NO_UPROBES",
    message: `${what}: this kernel cannot switch probes on that have a semaphore`,
    hint: "use a newer kernel",
    missing: { feature: "reference counters of uprobes", minKernel: "4.20" },
  })

/** What the kernel means by refusing a probe. */
function refused(probe: Uprobe, errno: number, what: string): SkepError {
  // Linux 6.16, and what was patched with it, ask for more than CAP_PERFMON: a probe inside an instruction breaks a program.
  if (isPermission(errno)) {
    const needs = hasCapability(readPrivilege(), "CAP_PERFMON") ? "CAP_SYS_ADMIN" : "CAP_PERFMON"
    return permissionError(what, errno, [needs])
  }
  const parts = (why: string, hint: string): SkepError =>
    new SkepError({
      code: "KERNEL_UPROBE_REFUSED",
      message: `${what}: the kernel refuses a probe there`,
      why,
      hint,
      errno,
    })
  const place = `byte ${probe.offset} of ${probe.path}`
  if (errno === ENOENT) return parts(`${probe.path} is no file that can be probed`, "check the path")
  if (errno === ENODEV || errno === EOPNOTSUPP) return noUprobes(what)
  if (errno === EINVAL) {
    return parts(
      `${place} is not the start of an instruction that can be probed, or the program was loaded for another kind of probe`,
      "leave the offset out, or take one from the function's disassembly",
    )
  }
  if (errno === ESRCH) return parts(`there is no process ${probe.pid}`, "it may have ended")
  return callFailed(what, errno, { hint: `the place is ${place}` })
}
