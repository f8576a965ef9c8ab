import { SkepError } from "../base/index.ts"
import { progTypes } from "../isa/index.ts"
import { type ProgramType, poisonAt } from "../object/index.ts"
import { type RefusedProgram, refusalParts } from "../verifier/index.ts"
import { type Capability, callFailed, isPermission, permissionError } from "./host/index.ts"
import { E2BIG, EINVAL, errnoText } from "./raw/index.ts"

/** A program that the kernel did not load. Its log is empty when the verifier did not look at it. */
export interface Refused extends RefusedProgram {
  readonly errno: number
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
  const { name, type, errno, image, log } = refused
  const verified = refusalParts(refused, "the kernel's verifier", errnoText(errno))
  if (verified !== undefined) {
    const { slot, source, ...parts } = verified
    const poisoned = slot === undefined ? undefined : poisonAt(image, slot)
    if (poisoned === undefined) return new SkepError({ code: "KERNEL_VERIFIER", ...parts, errno })
    return new SkepError({
      code: "KERNEL_LACKS",
      message: `program ${name} does not fit this kernel: ${poisoned}${source === "" ? "" : ` (${source})`}`,
      hint: "ask first (bpf_core_field_exists, bpf_core_type_exists, bpf_ksym_exists), and do without it where it is missing",
      log,
      errno,
    })
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
