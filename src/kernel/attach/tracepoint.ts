import { readFileSync } from "node:fs"
import { nearestNames, SkepError } from "../../base/index.ts"
import type { TargetOf } from "../../machine/index.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { EACCES } from "../raw/index.ts"
import { tracefs, tracefsDenied, tracefsFolders } from "../tracefs.ts"
import { type Attacher, byEvent } from "./attacher.ts"
import { PERF_TYPE_TRACEPOINT, perfEventOpen, runOnEvent } from "./perf.ts"

/** A static tracepoint, through an event of perf. */
export const tracepoint: Attacher<TargetOf<"tracepoint">> = {
  types: ["tracepoint"],
  text: ({ category, event }) => `${category}:${event}`,
  open: ({ category, event, cookie }, { program, what }) =>
    byEvent("tracepoint", openTracepoint(tracepointId(category, event), program.fd, what, cookie), cookie),
}

/** Number of a tracepoint or of an event of kprobe_events. Throws `KERNEL_NO_TRACEPOINT`, `KERNEL_NO_PERMISSION`. */
export function tracepointId(category: string, event: string): number {
  const path = `${tracefs()}/events/${category}/${event}/id`
  try {
    if (category.includes("/") || event.includes("/")) throw noTracepoint(category, event)
    return Number(readFileSync(path, "utf8"))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === "EACCES" || code === "EPERM") {
      throw tracefsDenied(`reading ${path}`, EACCES)
    }
    throw noTracepoint(category, event)
  }
}

function noTracepoint(category: string, event: string): SkepError {
  const events = tracefsFolders(`events/${category}`)
  const [first, ...more] =
    events.length > 0 ? nearestNames(event, events, 3) : nearestNames(category, tracefsFolders("events"), 3)
  const what = events.length > 0 ? `${category}:` : "a category "
  return new SkepError({
    code: "KERNEL_NO_TRACEPOINT",
    message: `this kernel has no tracepoint ${category}:${event}`,
    hint:
      first === undefined
        ? "list them with: cat /sys/kernel/tracing/available_events"
        : `did you mean ${[first, ...more].map(name => `${what}${name}`).join(", ")}?`,
  })
}

/** Runs a program on a tracepoint's event; the descriptor that holds it. */
export function openTracepoint(id: number, programFd: number, what: string, cookie?: bigint | number): number {
  const fd = perfEventOpen({ type: PERF_TYPE_TRACEPOINT, config: id })
  if (fd < 0) {
    if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_PERFMON"])
    throw callFailed(what, -fd)
  }
  return runOnEvent(fd, programFd, what, cookie)
}
