import type { AttachTarget, Link, ProgramOptions } from "../../machine/index.ts"
import type { AttachSpec, ProgramType } from "../../object/index.ts"
import { badEvent } from "../errors.ts"
import type { LoadFunction } from "./load.ts"
import type { TypedOptions } from "./options.ts"

/** Kinds of places that a program is bound to when it is loaded. */
export type TypedKind = "fentry" | "fexit" | "fmod_ret" | "lsm" | "tp_btf"

/** Runs a function of the program at a place that it is bound to. */
export function attachTyped(kind: TypedKind, { fn, event, module, cookie }: TypedOptions, load: LoadFunction): Link {
  if (event !== undefined && (typeof event !== "string" || !/^[\w.$]+$/.test(event))) {
    throw badEvent(`attaching ${fn} to ${kind}`, event, "the name of a function, hook or tracepoint", "vfs_read")
  }
  const type = kind === "lsm" ? "lsm" : "tracing"
  const given =
    event === undefined ? undefined : ({ kind, event, ...(module !== undefined && { module }) } as AttachSpec)
  const program = load(fn, { type, ...(given !== undefined && { attach: given }) })
  const place = given ?? program.spec.attach
  return place === undefined ? program.attach() : program.attach({ ...place, cookie } as AttachTarget)
}

/** Types of programs by the kind of place. */
const TYPES: Readonly<Record<string, ProgramType>> = {
  kprobe: "kprobe",
  kretprobe: "kprobe",
  kprobe_multi: "kprobe",
  kretprobe_multi: "kprobe",
  uprobe: "kprobe",
  uretprobe: "kprobe",
  usdt: "kprobe",
  tracepoint: "tracepoint",
  tracepoint_multi: "tracepoint",
  raw_tracepoint: "raw_tracepoint",
  perf_event: "perf_event",
  fentry: "tracing",
  fexit: "tracing",
  fmod_ret: "tracing",
  tp_btf: "tracing",
  iter: "tracing",
  lsm: "lsm",
}
const BOUND = new Set(["fentry", "fexit", "fmod_ret", "tp_btf", "lsm", "iter"])

/** Attaches a function of the program to a place of any kind; one without a target to the place that its object says. */
export function attachTo(fn: string, target: AttachTarget | undefined, load: LoadFunction): Link {
  if (target === undefined) return load(fn, {}).attach()
  const type = TYPES[target.kind]
  const options: ProgramOptions = {
    ...(type !== undefined && { type }),
    ...(BOUND.has(target.kind) && { attach: target as AttachSpec }),
  }
  return load(fn, options).attach(target)
}
