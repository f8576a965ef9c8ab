import { nearestNames, SkepError } from "../../base/index.ts"
import type { AttachTarget, PerfEventTarget } from "../../machine/index.ts"
import type { System } from "../system.ts"
import type { Form, PlaceKind, Probe, Trigger } from "./places.ts"

/** Functions of older kernels, and the ones that have their arguments and their work now. */
const RENAMED: Readonly<Record<string, string>> = {
  __blk_account_io_done: "blk_account_io_done",
  __kmalloc: "__kmalloc_noprof",
  __page_cache_alloc: "filemap_alloc_folio_noprof",
  __vfs_read: "vfs_read",
  __vfs_write: "vfs_write",
  account_page_dirtied: "folio_account_dirtied",
  do_page_cache_ra: "page_cache_ra_unbounded",
  kmem_cache_alloc: "kmem_cache_alloc_noprof",
}

/** Suffixes that compilers give to copies of functions. */
const COPY = /\.(isra|constprop|part|cold)\.\d+$/

/** How system calls' functions begin on other processors and in older kernels. */
const SYSCALL = /^(__[a-z]\w*?_)?(sys|SyS)_/

/** Where a program runs from now on, and how it ends. */
export interface Attachment {
  /** How many places they are. */
  readonly count: number
  /** Ends it. */
  detach(): void
}

/**
 * Makes a program run at a place of the simulated kernel.
 * @throws SkepError SIM_NO_PLACE where it has no such place
 */
export function attachTo(system: System, target: AttachTarget, trigger: Trigger): Attachment {
  const cookie = "cookie" in target && target.cookie !== undefined ? BigInt(target.cookie) : 0n
  const at = (kind: PlaceKind, form: Form, names: readonly string[], more: Partial<Probe> = {}): Attachment => {
    const ends = names.map(name => system.kernel.places.add(kind, name, { form, trigger, cookie, ...more }))
    const detach = (): void => {
      for (const end of ends) end()
    }
    return { count: names.length, detach }
  }
  switch (target.kind) {
    case "kprobe":
    case "kretprobe": {
      if ((target.offset ?? 0) !== 0) throw noPlace(`an instruction inside of ${target.event}`, "attach to its entry")
      const address = "address" in target ? target.address : undefined
      const name = address === undefined ? target.event : nameAt(system, address)
      const found = functionOf(system, target.syscall ? `__x64_sys_${name}` : name)
      return at(target.kind === "kprobe" ? "entry" : "return", "registers", [found])
    }
    case "kprobe_multi":
    case "kretprobe_multi": {
      const functions = "functions" in target ? target.functions : undefined
      const names = functions?.map(one => functionOf(system, typeof one === "bigint" ? nameAt(system, one) : one))
      const kind = target.kind === "kprobe_multi" ? "entry" : "return"
      return at(kind, "registers", names ?? matching(system, target.event))
    }
    case "tracepoint":
      return at("tracepoint", "record", [tracepoint(system, `${target.category}:${target.event}`)])
    case "tracepoint_multi":
      return at(
        "tracepoint",
        "record",
        target.events.map(event => tracepoint(system, event)),
      )
    case "raw_tracepoint":
    case "tp_btf":
      return at("raw", "arguments", [rawTracepoint(system, target.event)])
    case "fentry":
      return at("entry", "arguments", [functionOf(system, target.event)])
    case "fexit":
      return at("return", "arguments", [functionOf(system, target.event)])
    case "fmod_ret":
      return at("entry", "arguments", [functionOf(system, target.event)], { decides: true })
    case "lsm":
      return at("entry", "arguments", [functionOf(system, `security_${target.event}`)], { decides: true })
    case "uprobe":
    case "uretprobe": {
      const { path, event, pid } = target as { path: string; event?: string | RegExp; pid?: number }
      if (typeof event !== "string") throw noPlace("functions of a program by their addresses", "name one function")
      const kind = target.kind === "uprobe" ? "userEntry" : "userReturn"
      return at(kind, "registers", [`${fileKey(path)}:${event}`], { pid })
    }
    case "usdt":
      return at("usdt", "registers", [`${fileKey(target.path)}:${target.provider}:${target.event}`])
    case "perf_event":
      return counter(system, target, { form: "registers", trigger, cookie, pid: target.pid })
    default:
      throw noPlace(
        `a place of the kind ${target.kind}`,
        "probes, tracepoints and counters of the kernel are simulated",
      )
  }
}

/** A file by its name alone, as `c` and `/lib/x86_64-linux-gnu/libc.so.6` are one library. */
export function fileKey(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1)
  return name.replace(/^lib(.*)\.so.*$/, "$1")
}

function functionOf(system: System, event: string): string {
  const { names } = system.kernel
  const plain = event.replace(COPY, "").replace(SYSCALL, "__x64_sys_")
  const name = Object.hasOwn(RENAMED, plain) ? RENAMED[plain] : plain
  if (names.has(name)) return name
  const near = nearestNames(name, [...names.functions], 3)
  const hint =
    near.length > 0 ? `did you mean ${near.join(", ")}?` : "it is another kernel's, or is inlined in this one"
  throw noPlace(`a function ${event}`, hint)
}

/** Functions whose names match a pattern with `*` and `?`. */
function matching(system: System, pattern: string): string[] {
  const text = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".")
  const expression = new RegExp(`^${text}$`)
  const names = system.kernel.names.functions.filter(name => expression.test(name))
  if (names.length === 0) throw noPlace(`functions that match ${pattern}`, "look at the names that it knows")
  return names
}

function nameAt(system: System, address: bigint): string {
  const found = system.kernel.names.at(address)
  if (found === undefined) throw noPlace(`a function at 0x${address.toString(16)}`, "name it")
  return found.name
}

function tracepoint(system: System, name: string): string {
  const { places } = system.kernel
  if (places.isTracepoint(name)) return name
  throw noPlace(`a tracepoint ${name}`, `did you mean ${nearestNames(name, [...places.tracepoints], 3).join(", ")}?`)
}

function rawTracepoint(system: System, event: string): string {
  const { places, snapshot } = system.kernel
  if (snapshot.btf.find(`btf_trace_${event}`, "typedef") !== 0) return event
  const events = [...places.tracepoints].map(name => name.slice(name.indexOf(":") + 1))
  if (events.includes(event)) return event
  throw noPlace(`a tracepoint ${event}`, `did you mean ${nearestNames(event, events, 3).join(", ")}?`)
}

/** Counters that go on with the time, and how many a nanosecond. */
const CLOCKS: Readonly<Record<string, number>> = {
  "cpu-clock": 1,
  "task-clock": 1,
  cycles: 3,
  "cpu-cycles": 3,
  instructions: 4,
  "cache-references": 0.02,
  "cache-misses": 0.004,
}
const EVENTS: Readonly<Record<string, string>> = {
  "page-faults": "page-faults",
  faults: "page-faults",
  "minor-faults": "page-faults",
  "context-switches": "context-switches",
  cs: "context-switches",
}
/** `enum perf_sw_ids` and `enum perf_hw_id`, as far as they are simulated. */
const SOFTWARE: Readonly<Record<number, string>> = {
  0: "cpu-clock",
  1: "task-clock",
  2: "page-faults",
  3: "context-switches",
}
const HARDWARE: Readonly<Record<number, string>> = {
  0: "cycles",
  1: "instructions",
  2: "cache-references",
  3: "cache-misses",
}

function counter(system: System, target: PerfEventTarget, probe: Probe): Attachment {
  const { event, cpu, period, frequency } = target
  const name = typeof event === "string" ? event : "config" in event ? numbered(event.type, Number(event.config)) : ""
  const rate = CLOCKS[name]
  const { counters } = system
  if (rate !== undefined) {
    const every = frequency === undefined ? Number(period ?? 1_000_000) / rate : 1e9 / frequency
    return { count: 1, detach: counters.clock({ probe, period: Math.max(10_000, Math.round(every)), cpu }) }
  }
  if (EVENTS[name] === undefined)
    throw noPlace(`a counter ${name}`, `it has ${Object.keys(CLOCKS).join(", ")}, page-faults`)
  const every = Math.max(1, Number(period ?? 1))
  return { count: 1, detach: counters.events(EVENTS[name], { probe, period: every, cpu }) }
}

const numbered = (type: string | number, config: number): string =>
  (type === "software" || type === 1 ? SOFTWARE : type === "hardware" || type === 0 ? HARDWARE : {})[config] ??
  `${type}`

function noPlace(what: string, hint: string): SkepError {
  return new SkepError({ code: "SIM_NO_PLACE", message: `the simulated kernel has no such place: ${what}`, hint })
}
