import { SkepError } from "../../base/index.ts"
import type { Link } from "../../machine/index.ts"
import { badEvent, badOption } from "../errors.ts"
import type { LoadFunction } from "./load.ts"
import { getTracepoints, matching } from "./names.ts"
import type { RawTracepointOptions, TracepointOptions } from "./options.ts"

/** Runs a function of the program at one or many tracepoints. */
export function attachTracepoint(options: TracepointOptions, load: LoadFunction): Link {
  const { event, eventRe, fn, cookie, onProgress } = options
  if (event !== undefined && eventRe !== undefined) {
    throw badOption(
      "attachTracepoint takes one of event and eventRe",
      'b.attachTracepoint({ event: "sched:sched_switch", fn: "f" })',
    )
  }
  if (eventRe !== undefined) {
    const program = load(fn, { type: "tracepoint" })
    const { symbols } = program
    const events = symbols === undefined ? getTracepoints(eventRe) : matching(eventRe, symbols.tracepoints)
    if (events.length === 0) throw noneMatches(eventRe)
    const cookies = cookie === undefined ? undefined : events.map(() => cookie)
    return program.attach({ kind: "tracepoint_multi", event: String(eventRe), events, cookies, onProgress })
  }
  const [category, name, more] = typeof event === "string" ? event.split(":") : []
  if (!category || !name || more !== undefined) {
    throw badEvent("attachTracepoint", event, "a category and a name with a colon between", "sched:sched_switch")
  }
  return load(fn, { type: "tracepoint" }).attach({ kind: "tracepoint", category, event: name, cookie })
}

/** Runs a function of the program at a raw tracepoint. */
export function attachRawTracepoint({ event, fn, cookie }: RawTracepointOptions, load: LoadFunction): Link {
  if (typeof event !== "string" || event === "" || event.includes(":")) {
    throw badEvent("attachRawTracepoint", event, "a name without its category", "sched_switch")
  }
  return load(fn, { type: "raw_tracepoint" }).attach({ kind: "raw_tracepoint", event, cookie })
}

function noneMatches(pattern: string | RegExp): SkepError {
  return new SkepError({
    code: "KERNEL_NO_TRACEPOINT",
    message: `no tracepoint of the kernel matches ${String(pattern)}`,
    hint: "the names are category:event, as in /sys/kernel/tracing/available_events",
  })
}
