import type { BPF, Link, UsdtOptions } from "../bpf/index.ts"
import { UsageError } from "./command.ts"

const FORM =
  "kprobe:FUNCTION[+OFFSET]=FN, kretprobe:FUNCTION=FN, tracepoint:CATEGORY:EVENT=FN (each also with /EXPRESSION/ for the name), " +
  "raw_tracepoint:EVENT=FN, perf_event:EVENT@HERTZ=FN, perf_event:EVENT/PERIOD=FN, " +
  "uprobe:FILE:FUNCTION[+OFFSET]=FN, uretprobe:FILE:FUNCTION=FN or usdt:FILE:PROVIDER:NAME=FN"

/** Attaches as `--attach` says. `FN` may be left out when the program has one function; `syscall:NAME` is a system call's function. */
export function attachAs(bpf: BPF, spec: string): Link {
  const { kind, event, fn } = parseAttach(spec)
  const name = fn ?? onlyFunction(bpf, spec)
  const eventRe = /^\/(.+)\/$/.exec(event)?.[1]
  switch (kind) {
    case "kprobe": {
      if (eventRe !== undefined) return bpf.attachKprobe({ eventRe, fn: name })
      const [target, offset] = splitOffset(event)
      return bpf.attachKprobe({ event: functionOf(bpf, target), fn: name, ...(offset !== undefined && { offset }) })
    }
    case "kretprobe":
      if (eventRe !== undefined) return bpf.attachKretprobe({ eventRe, fn: name })
      return bpf.attachKretprobe({ event: functionOf(bpf, event), fn: name })
    case "tracepoint":
      if (eventRe !== undefined) return bpf.attachTracepoint({ eventRe, fn: name })
      return bpf.attachTracepoint({ event: event as `${string}:${string}`, fn: name })
    case "perf_event":
      return bpf.attachPerfEvent({ ...counterOf(event), fn: name })
    case "uprobe":
    case "uretprobe":
      return attachUser(bpf, kind, event, name)
    default:
      return bpf.attachRawTracepoint({ event, fn: name })
  }
}

export interface AttachArgument {
  readonly kind:
    | "kprobe"
    | "kretprobe"
    | "tracepoint"
    | "raw_tracepoint"
    | "perf_event"
    | "uprobe"
    | "uretprobe"
    | "usdt"
  readonly event: string
  readonly fn: string | undefined
}

/** `KIND:EVENT[=FN]`. Throws UsageError. */
export function parseAttach(spec: string): AttachArgument {
  const match =
    /^(kprobe|kretprobe|tracepoint|raw_tracepoint|perf_event|uprobe|uretprobe|usdt):([^=]+?)(?:=(\w+))?$/.exec(spec)
  if (match === null) throw new UsageError(`--attach cannot be '${spec}'`, `it is ${FORM}`)
  return { kind: match[1] as AttachArgument["kind"], event: match[2], fn: match[3] }
}

/** `EVENT@HERTZ` or `EVENT/PERIOD`. */
function counterOf(text: string): { event: string; frequency?: number; period?: number } {
  const [, event, sign, digits] = /^([\w-]+)([@/])(\d+)$/.exec(text) ?? []
  if (event === undefined) {
    throw new UsageError(`--attach 'perf_event:${text}' does not say how often`, "it is perf_event:cpu-clock@99=FN")
  }
  return { event, [sign === "@" ? "frequency" : "period"]: Number(digits) }
}

/** `FILE:FUNCTION[+OFFSET]`; the function can be an expression between slashes. */
function attachUser(bpf: BPF, kind: "uprobe" | "uretprobe", event: string, fn: string): Link {
  const at = event.startsWith("/") || !/:\/.*\/$/.test(event) ? event.lastIndexOf(":") : event.indexOf(":")
  if (at <= 0 || at === event.length - 1)
    throw new UsageError(`--attach '${kind}:${event}' names no function of a file`)
  const path = event.slice(0, at)
  const place = event.slice(at + 1)
  const pattern = /^\/(.+)\/$/.exec(place)
  const [symbol, offset] = pattern === null ? splitOffset(place) : [undefined, undefined]
  const target = {
    path,
    fn,
    ...(offset !== undefined && { offset }),
    ...(pattern === null ? { symbol } : { symbolRe: pattern[1] }),
  }
  return kind === "uprobe" ? bpf.attachUprobe(target) : bpf.attachUretprobe(target)
}

/**
 * The static probes among what `--attach` says, which the program is compiled with: `usdt:FILE:PROVIDER:NAME=FN`. Throws UsageError.
 */
export function usdtProbes(specs: readonly string[]): UsdtOptions[] {
  return specs.map(parseAttach).flatMap(({ kind, event, fn }) => {
    if (kind !== "usdt") return []
    const found = /^(.+):([^:]+:[^:]+)$/.exec(event)
    if (found === null || fn === undefined) {
      throw new UsageError(`--attach 'usdt:${event}' is not complete`, "it is usdt:FILE:PROVIDER:NAME=FN")
    }
    return [{ path: found[1], probe: found[2], fn }]
  })
}

function onlyFunction(bpf: BPF, spec: string): string {
  const names = bpf.programs.map(program => program.name)
  if (names.length === 1) return names[0]
  throw new UsageError(`--attach '${spec}' does not say which function`, `add =FN: ${names.join(", ")}`)
}

const functionOf = (bpf: BPF, event: string): string =>
  event.startsWith("syscall:") ? bpf.syscallName(event.slice("syscall:".length)) : event

function splitOffset(event: string): [name: string, offset: number | undefined] {
  const at = event.indexOf("+")
  if (at < 0) return [event, undefined]
  const offset = Number(event.slice(at + 1))
  if (!Number.isInteger(offset) || offset < 0) throw new UsageError(`'${event}' has no number behind the +`)
  return [event.slice(0, at), offset]
}

/** `hello: kprobe __x64_sys_clone (perf kprobe)` */
export const linkText = ({ program, place, method }: Link): string => `${program.name}: ${place} (${method})`
