import { type Note, SkepError } from "../base/index.ts"
import { progTypes } from "../isa/index.ts"
import { type BpfObject, findLine, type Image, type ProgramType, poisonAt } from "../object/index.ts"
import { type Capability, callFailed, isPermission, permissionError } from "./host/index.ts"
import { E2BIG, EINVAL, errnoText } from "./raw/index.ts"
import { type Explanation, explainRefusal, splitLog, type VerifierReport } from "./verifier/index.ts"
import { logTail, summarise, type VerifierSummary } from "./verifierLog.ts"

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
  const { plain, report } = splitLog(logTail(log))
  const summary = summarise(plain)
  if (summary.slot !== undefined || summary.reason !== "" || report !== undefined) {
    return verifierError(refused, summary, plain, report)
  }
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

function verifierError(
  refused: Refused,
  summary: VerifierSummary,
  plain: string,
  report: VerifierReport | undefined,
): SkepError {
  const { name, type, object, image, errno, log } = refused
  const { reason, quoted } = summary
  const slot = summary.slot ?? report?.slot
  const place = slot === undefined ? undefined : findLine(image, slot)
  const line = place?.line === undefined ? undefined : object.lines[place.line.line]
  const text = line?.text.trim() || quoted
  const notes: Note[] = []
  if (place !== undefined && place.placed.spec.name !== name) {
    notes.push({ message: `in subprogram ${place.placed.spec.name}` })
  }
  const file = line ?? report?.place
  const at = file === undefined ? "" : `${file.file}:${file.line}`
  const source = [at, text ?? ""].filter(part => part !== "").join(": ")
  const poisoned = summary.slot === undefined ? undefined : poisonAt(image, summary.slot)
  if (poisoned !== undefined) {
    return new SkepError({
      code: "KERNEL_LACKS",
      message: `program ${name} does not fit this kernel: ${poisoned}${source === "" ? "" : ` (${source})`}`,
      hint: "ask first (bpf_core_field_exists, bpf_core_type_exists, bpf_ksym_exists), and do without it where it is missing",
      notes,
      log,
      errno,
    })
  }
  const placeOf = (to: number): string | undefined => lineOf(refused, to)
  const explained = explainRefusal({ log: plain, reason, type, report, placeOf, mapAt: to => mapAt(image, to) })
  const words = reason || (report === undefined ? errnoText(errno) : `${report.category}: ${report.problem}`)
  return new SkepError({
    code: "KERNEL_VERIFIER",
    message: `the kernel's verifier refused program ${name}: ${explained?.what ?? words}${source === "" ? "" : ` (${source})`}`,
    ...(explained !== undefined && { why: `the verifier says: ${words}` }),
    notes,
    log,
    errno,
    ...adviceOf(explained),
  })
}

/** The map whose address the instruction at a slot loads. */
function mapAt({ functions, relocations }: Image, slot: number): string | undefined {
  const placed = functions.findLast(f => f.slot <= slot)
  const insn = placed === undefined ? -1 : placed.first + placed.slots.indexOf(slot)
  const found = relocations.find(relocation => relocation.insn === insn)
  return found?.kind === "map" || found?.kind === "mapValue" ? found.map : undefined
}

/** `a.c:12` of a slot. */
function lineOf({ image, object }: Refused, slot: number): string | undefined {
  const found = findLine(image, slot)?.line
  const line = found === undefined ? undefined : object.lines[found.line]
  return line === undefined ? undefined : `${line.file}:${line.line}`
}

function adviceOf(explained: Explanation | undefined): Pick<Explanation, "hint" | "missing"> {
  if (explained === undefined) return { hint: "the whole log is in the error's `log`" }
  const { hint, missing } = explained
  return missing === undefined ? { hint } : { hint, missing }
}
