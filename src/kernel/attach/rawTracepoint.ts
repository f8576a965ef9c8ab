import { readFileSync } from "node:fs"
import { nearestNames, SkepError } from "../../base/index.ts"
import type { TargetOf } from "../../machine/index.ts"
import { rawTracepointOpen } from "../bpf/index.ts"
import { callFailed, isPermission, kernelAtLeast, permissionError } from "../host/index.ts"
import { ENOENT } from "../raw/index.ts"
import { lookForTracefs } from "../tracefs.ts"
import { type Attacher, byLink } from "./attacher.ts"
import { noCookies } from "./perf.ts"

/** A tracepoint with the kernel's own arguments (Linux 4.17). */
export const rawTracepoint: Attacher<TargetOf<"raw_tracepoint">> = {
  types: ["raw_tracepoint", "raw_tracepoint_writable"],
  text: ({ event }) => event,
  open: ({ event, cookie }, { program, what }) =>
    byLink("raw tracepoint", openRawTracepoint(event, program.fd, what, cookie)),
}

/** Attaches a program to a raw tracepoint; the descriptor that holds it. Throws `KERNEL_NO_TRACEPOINT`. */
function openRawTracepoint(event: string, programFd: number, what: string, cookie?: bigint | number): number {
  const fd = rawTracepointOpen(event, programFd, BigInt(cookie ?? 0))
  if (fd >= 0) return fd
  if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_BPF", "CAP_PERFMON"])
  if (fd === -ENOENT) throw noRawTracepoint(event)
  if (cookie !== undefined && !kernelAtLeast("6.10")) throw noCookies(what, "6.10", -fd)
  throw callFailed(what, -fd, { hint: "the program may read more arguments than the tracepoint has" })
}

function noRawTracepoint(event: string): SkepError {
  const near = nearestNames(event, eventNames(), 3)
  const hasCategory = event.includes(":")
  return new SkepError({
    code: "KERNEL_NO_TRACEPOINT",
    message: `this kernel has no raw tracepoint ${event}`,
    hint: hasCategory
      ? `raw tracepoints have no category: use ${event.slice(event.indexOf(":") + 1)}`
      : near.length > 0
        ? `did you mean ${near.join(", ")}?`
        : "the names are those behind the colon in /sys/kernel/tracing/available_events",
  })
}

/** Names of the trace events, which most often are those of the tracepoints beneath them. */
function eventNames(): string[] {
  try {
    const list = readFileSync(`${lookForTracefs()}/available_events`, "utf8")
    return list.split("\n").map(line => line.slice(line.indexOf(":") + 1))
  } catch {
    return []
  }
}
