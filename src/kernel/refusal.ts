import { type Note, SkepError } from "../base/index.ts"
import { helperById, helperByName, progTypes } from "../isa/index.ts"
import type { BpfObject, ProgramType } from "../object/index.ts"
import { type Capability, callFailed, isPermission, permissionError } from "./host/index.ts"
import { findLine, type Image } from "./image.ts"
import { E2BIG, EINVAL, errnoText } from "./raw/index.ts"
import { summarise, type VerifierSummary } from "./verifierLog.ts"

/** What is known about a program that the kernel did not load. */
export interface Refused {
  readonly name: string
  readonly type: ProgramType
  readonly object: BpfObject
  readonly image: Image
  readonly errno: number
  /** The verifier's whole log; empty when it did not come that far. */
  readonly log: string
}

const TRACING = new Set<ProgramType>([
  "kprobe",
  "tracepoint",
  "perf_event",
  "raw_tracepoint",
  "raw_tracepoint_writable",
  "tracing",
  "lsm",
  "ext",
])
const UNPRIVILEGED = new Set<ProgramType>(["socket_filter", "cgroup_skb", "sk_reuseport", "syscall"])

/** Capabilities a program type asks for (Linux 5.8; before, CAP_SYS_ADMIN stands for all). */
export function capabilitiesFor(type: ProgramType): readonly Capability[] {
  if (TRACING.has(type)) return ["CAP_BPF", "CAP_PERFMON"]
  return UNPRIVILEGED.has(type) ? ["CAP_BPF"] : ["CAP_BPF", "CAP_NET_ADMIN"]
}

/** The error of a program that did not load: `KERNEL_VERIFIER`, or why it was not looked at. */
export function refusal(refused: Refused): SkepError {
  const { name, type, errno, log } = refused
  const summary = summarise(log)
  if (summary.slot !== undefined || summary.reason !== "") return verifierError(refused, summary)
  const what = `loading program ${name}`
  if (isPermission(errno)) return permissionError(what, errno, capabilitiesFor(type))
  if (errno === E2BIG) {
    return new SkepError({
      code: "KERNEL_TOO_LARGE",
      message: `program ${name} is too large for the kernel: ${refused.image.slotCount} instructions`,
      hint: "kernels take 1,000,000 instructions since 5.2 and 4,096 before; split it with tail calls",
      errno,
    })
  }
  if (errno === EINVAL) {
    const since = progTypes.since(type)
    return new SkepError({
      code: "KERNEL_PROGRAM_TYPE",
      message: `${what}: ${errnoText(errno)}`,
      why: `the kernel does not know programs of type ${type}, or was built without them`,
      hint: since === undefined ? undefined : `they came with Linux ${since}`,
      missing: since === undefined ? undefined : { feature: `${type} programs`, minKernel: since },
      errno,
    })
  }
  return callFailed(what, errno)
}

function verifierError(refused: Refused, summary: VerifierSummary): SkepError {
  const { name, object, image, errno, log } = refused
  const place = summary.slot === undefined ? undefined : findLine(image, summary.slot)
  const line = place?.line === undefined ? undefined : object.lines[place.line.line]
  const text = line?.text.trim() || summary.quoted
  const notes: Note[] = []
  if (place !== undefined && place.placed.spec.name !== name) {
    notes.push({ message: `in subprogram ${place.placed.spec.name}` })
  }
  const at = line === undefined ? "" : `${line.file}:${line.line}: `
  const source = text === undefined || text === "" ? "" : ` (${at}${text})`
  return new SkepError({
    code: "KERNEL_VERIFIER",
    message: `the kernel's verifier refused program ${name}: ${summary.reason || errnoText(errno)}${source}`,
    notes,
    log,
    errno,
    ...advice(summary.reason),
  })
}

interface Advice {
  readonly hint?: string
  readonly missing?: { readonly feature: string; readonly minKernel: string }
}

/** What to do about the verifier's most frequent complaints. */
function advice(reason: string): Advice {
  const helper = /unknown func (\w+)#(\d+)|invalid func (\w+)#(\d+)|cannot use helper (\w+)#(\d+)/.exec(reason)
  if (helper !== null) {
    const known = helperByName(helper[1] ?? helper[3] ?? helper[5] ?? "") ?? helperById(Number(helper[2] ?? helper[4]))
    if (known === undefined) return { hint: "this kernel is too old for the helper" }
    return {
      hint: `programs of this type may not call ${known.name}, or the kernel is older than ${known.kernelSince}`,
      missing: { feature: known.name, minKernel: known.kernelSince },
    }
  }
  for (const [pattern, found] of ADVICE) if (pattern.test(reason)) return found
  return { hint: "the whole log is in the error's `log`" }
}

const ADVICE: readonly [RegExp, Advice][] = [
  [
    /GPL-restricted|gpl/,
    { hint: "the program calls a helper that only GPL programs may call: set its licence to GPL" },
  ],
  [
    /back-edge|infinite loop/,
    {
      hint: "unroll the loop (#pragma unroll), or give it a bound the verifier can see",
      missing: { feature: "bounded loops", minKernel: "5.3" },
    },
  ],
  [
    /map_value_or_null|mem_or_null|_or_null'|invalid mem access '.*or_null/,
    { hint: "test the pointer before using it: a lookup gives NULL when the key is missing" },
  ],
  [
    /invalid mem access 'scalar'|invalid mem access 'inv'/,
    { hint: "kernel memory is read with bpf_probe_read_kernel" },
  ],
  [
    /too large|too many (states|insns)|complexity/,
    { hint: "simplify the program: fewer branches inside loops, or tail calls" },
  ],
  [
    /combined stack size|stack of \d+ (bytes|calls)/,
    { hint: "functions that call each other share 512 bytes of stack" },
  ],
  [/(invalid|misaligned) .*stack|!read_ok/, { hint: "a variable is read before it is set" }],
  [/R0 (!read_ok|is not a known value)|At program exit/, { hint: "return a value the program type allows" }],
]
