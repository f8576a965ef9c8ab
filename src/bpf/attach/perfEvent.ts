import type { Link } from "../../machine/index.ts"
import { badOption } from "../errors.ts"
import type { LoadFunction } from "./load.ts"
import type { PerfEventOptions } from "./options.ts"

/** Runs a function of the program at a counter of perf. */
export function attachPerfEvent({ fn, ...target }: PerfEventOptions, load: LoadFunction): Link {
  const { event, period, frequency } = target
  const example = 'b.attachPerfEvent({ event: "cpu-clock", frequency: 99, fn: "sample" })'
  if (event === undefined) throw badOption("attachPerfEvent needs an event", example)
  const watches = typeof event === "object" && "breakpoint" in event
  const given = [period, frequency].filter(every => every !== undefined)
  if (given.length > 1 || (given.length === 0 && !watches) || given.some(every => every <= 0)) {
    throw badOption("attachPerfEvent takes one of period and frequency, above 0", example)
  }
  return load(fn, { type: "perf_event" }).attach({ kind: "perf_event", ...target })
}
