import type { BPF } from "../../bpf/index.ts"
import { UsageError } from "../command.ts"
import { expressionOf, splitOffset } from "./parts.ts"
import type { Place, Places } from "./places.ts"

/** Kinds of places in the kernel's own code. */
export const kernelPlaces: Places = {
  kprobe: {
    forms: [
      ["kprobe:FUNCTION[+OFFSET]=FN", "at a function of the kernel"],
      ["kprobe:syscall:NAME=FN", "at a system call, whatever this kernel calls its function"],
      ["kprobe:/EXPRESSION/=FN", "at all functions whose whole name matches"],
    ],
    attach(bpf, event, fn) {
      const eventRe = expressionOf(event)
      if (eventRe !== undefined) return bpf.attachKprobe({ eventRe, fn })
      const [name, offset] = splitOffset(event)
      return bpf.attachKprobe({ event: functionOf(bpf, name), fn, offset })
    },
  },
  kretprobe: {
    forms: [["kretprobe:FUNCTION=FN", "at the function's return; also for a system call, and by an expression"]],
    attach(bpf, event, fn) {
      const eventRe = expressionOf(event)
      return bpf.attachKretprobe(eventRe === undefined ? { event: functionOf(bpf, event), fn } : { eventRe, fn })
    },
  },
  tracepoint: {
    forms: [
      ["tracepoint:CATEGORY:EVENT=FN", "at a tracepoint"],
      ["tracepoint:/EXPRESSION/=FN", "at all tracepoints whose whole CATEGORY:EVENT matches"],
    ],
    attach(bpf, event, fn) {
      const eventRe = expressionOf(event)
      return bpf.attachTracepoint(
        eventRe === undefined ? { event: event as `${string}:${string}`, fn } : { eventRe, fn },
      )
    },
  },
  raw_tracepoint: {
    forms: [["raw_tracepoint:EVENT=FN", "at a raw tracepoint"]],
    attach: (bpf, event, fn) => bpf.attachRawTracepoint({ event, fn }),
  },
  tp_btf: typed("tp_btf:EVENT", "a tracepoint, with typed arguments", (bpf, event, fn) =>
    bpf.attachTpBtf({ event, fn }),
  ),
  fentry: typed("fentry:FUNCTION", "the entry of a function, with typed arguments", (bpf, event, fn) =>
    bpf.attachFentry({ event, fn }),
  ),
  fexit: typed("fexit:FUNCTION", "the return of a function, with arguments and result", (bpf, event, fn) =>
    bpf.attachFexit({ event, fn }),
  ),
  fmod_ret: typed("fmod_ret:FUNCTION", "a function whose result FN's takes the place of", (bpf, event, fn) =>
    bpf.attachFmodRet({ event, fn }),
  ),
  lsm: typed("lsm:HOOK", "a hook of the security modules", (bpf, event, fn) => bpf.attachLsm({ event, fn })),
  perf_event: {
    forms: [["perf_event:EVENT@HERTZ=FN, perf_event:EVENT/PERIOD=FN", "at a counter of perf, on every CPU"]],
    attach: (bpf, event, fn) => bpf.attachPerfEvent({ ...counterOf(event), fn }),
  },
  struct_ops: {
    forms: [["struct_ops:VARIABLE", "hands a table of operations to the kernel"]],
    alone: true,
    attach: (bpf, event) => bpf.attachStructOps(event),
  },
}

/** A kind of place to which functions are bound by their types. */
function typed(form: string, about: string, attach: NonNullable<Place["attach"]>): Place {
  return { forms: [[`${form}=FN`, `at ${about}`]], attach }
}

/** `EVENT@HERTZ` or `EVENT/PERIOD`. */
function counterOf(text: string): { event: string; frequency?: number; period?: number } {
  const [, event, sign, digits] = /^([\w-]+)([@/])(\d+)$/.exec(text) ?? []
  if (event === undefined) {
    throw new UsageError(`--attach 'perf_event:${text}' does not say how often`, "it is perf_event:cpu-clock@99=FN")
  }
  return { event, [sign === "@" ? "frequency" : "period"]: Number(digits) }
}

const functionOf = (bpf: BPF, event: string): string =>
  event.startsWith("syscall:") ? bpf.syscallName(event.slice("syscall:".length)) : event
