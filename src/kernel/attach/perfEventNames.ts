import { nearestNames, SkepError } from "../../base/index.ts"
import type { PerfEventName } from "../../machine/index.ts"
import { readNumber } from "../host/index.ts"

/** What of `struct perf_event_attr` says which counter is meant. */
export interface CounterAttr {
  readonly type: number
  readonly config: bigint
  readonly config1: bigint
  readonly config2: bigint
  /** `HW_BREAKPOINT_R`, `_W`, `_X`; 0 for every other kind. */
  readonly breakpoint: number
}

// Source: Linux include/uapi/linux/perf_event.h (`enum perf_type_id`, `perf_hw_id`, `perf_sw_ids`, `perf_hw_cache_id`), hw_breakpoint.h.
const TYPES: Readonly<Record<string, number>> = {
  hardware: 0,
  software: 1,
  tracepoint: 2,
  cache: 3,
  raw: 4,
  breakpoint: 5,
}

const HARDWARE = [
  "cpu-cycles cycles",
  "instructions",
  "cache-references",
  "cache-misses",
  "branch-instructions branches",
  "branch-misses",
  "bus-cycles",
  "stalled-cycles-frontend",
  "stalled-cycles-backend",
  "ref-cycles",
]
const SOFTWARE = [
  "cpu-clock",
  "task-clock",
  "page-faults faults",
  "context-switches cs",
  "cpu-migrations migrations",
  "minor-faults",
  "major-faults",
  "alignment-faults",
  "emulation-faults",
  "dummy",
  "bpf-output",
  "cgroup-switches",
]
const CACHES = ["L1-dcache", "L1-icache", "LLC", "dTLB", "iTLB", "branch", "node"]
const CACHE_OPERATIONS = ["load", "store", "prefetch"]

type Numbers = readonly [type: number, config: number]

let named: ReadonlyMap<string, Numbers> | undefined

/** Every counter that has a name, by all its names. */
export function perfEventNames(): ReadonlyMap<string, Numbers> {
  if (named !== undefined) return named
  const all = new Map<string, Numbers>()
  const add = (type: string, lists: readonly string[]): void => {
    for (const [config, names] of lists.entries())
      for (const name of names.split(" ")) all.set(name, [TYPES[type], config])
  }
  add("hardware", HARDWARE)
  add("software", SOFTWARE)
  for (const [cache, name] of CACHES.entries()) {
    for (const [operation, verb] of CACHE_OPERATIONS.entries()) {
      const config = cache | (operation << 8)
      all.set(`${name}-${verb}${verb === "prefetch" ? "es" : "s"}`, [TYPES.cache, config])
      all.set(`${name}-${verb}-misses`, [TYPES.cache, config | (1 << 16)])
    }
  }
  return (named = all)
}

const ACCESS = { r: 1, w: 2, rw: 3, x: 4 } as const

/** The counter of a name. Throws `KERNEL_NO_PERF_EVENT`. */
export function counterOf(event: PerfEventName): CounterAttr {
  const none = { config1: 0n, config2: 0n, breakpoint: 0 }
  if (typeof event === "string") {
    const raw = /^r([0-9a-f]{1,16})$/i.exec(event)
    if (raw !== null) return { ...none, type: TYPES.raw, config: BigInt(`0x${raw[1]}`) }
    const numbers = perfEventNames().get(event)
    if (numbers === undefined) throw unknown(event, [...perfEventNames().keys()])
    return { ...none, type: numbers[0], config: BigInt(numbers[1]) }
  }
  if ("breakpoint" in event) {
    const { access = "w", length = access === "x" ? 8 : 4 } = event
    const at = { config1: BigInt(event.breakpoint), config2: BigInt(length) }
    return { ...at, type: TYPES.breakpoint, config: 0n, breakpoint: ACCESS[access] }
  }
  return {
    type: typeof event.type === "number" ? event.type : typeNumber(event.type),
    config: BigInt(event.config),
    config1: BigInt(event.config1 ?? 0),
    config2: BigInt(event.config2 ?? 0),
    breakpoint: 0,
  }
}

/** The counter for people. */
export function counterText(event: PerfEventName): string {
  if (typeof event === "string") return event
  if ("breakpoint" in event) return `0x${event.breakpoint.toString(16)}:${event.access ?? "w"}`
  return `${event.type}/0x${event.config.toString(16)}`
}

function typeNumber(name: string): number {
  const number =
    TYPES[name] ?? (/^[\w-]+$/.test(name) ? readNumber(`/sys/bus/event_source/devices/${name}/type`) : undefined)
  if (number === undefined) throw unknown(name, Object.keys(TYPES))
  return number
}

function unknown(name: string, names: readonly string[]): SkepError {
  const near = nearestNames(name, names, 3)
  return new SkepError({
    code: "KERNEL_NO_PERF_EVENT",
    message: `there is no counter ${name}`,
    hint:
      near.length > 0
        ? `did you mean ${near.join(", ")}?`
        : "the names are those of `perf list`; others are given by numbers: { type, config }",
  })
}
