import { SkepError } from "../base/index.ts"
import { kernelSymbols } from "../symbols/index.ts"
import { enableStats, linkCreate } from "./bpf/index.ts"
import * as probes from "./features.ts"
import { closeFd, EBADF } from "./raw/index.ts"

interface Probe {
  /** What it is, for people. */
  readonly what: string
  /** The first version of the kernel that has it; distributions carry some back. */
  readonly since: string
  has(): boolean
}

/** What is looked for in the running kernel; each is true where this process can do it. */
export interface Features {
  /** Loops that the verifier follows to their end. Linux 5.3. */
  readonly boundedLoops: boolean
  /** Global variables. Linux 5.2. */
  readonly globalData: boolean
  /** Reads that tell the kernel's memory from that of processes: `bpf_probe_read_kernel`. Linux 5.5. */
  readonly probeReadKernel: boolean
  /** Ring buffers. Linux 5.8. */
  readonly ringbuf: boolean
  /** Ring buffers from user space to programs. Linux 6.1. */
  readonly userRingbuf: boolean
  /** Raw tracepoints. Linux 4.17. */
  readonly rawTracepoint: boolean
  /** Raw tracepoints of modules. Linux 5.0. */
  readonly rawTracepointInModule: boolean
  /** Kprobes. Linux 4.1. */
  readonly kprobe: boolean
  /** One link for kprobes on many functions. Linux 5.18, with CONFIG_FPROBE. */
  readonly kprobeMulti: boolean
  /** Programs at functions of the kernel without a probe: fentry and fexit, BCC's kfunc. Linux 5.5. */
  readonly fentry: boolean
  /** Programs that take the place of functions of the kernel that allow it. Linux 5.7. */
  readonly fmodRet: boolean
  /** Programs at hooks of the security modules. Linux 5.7, with `bpf` among the modules that run. */
  readonly lsm: boolean
  /** Uprobes by events of perf. Linux 4.17. */
  readonly uprobe: boolean
  /** One link for uprobes on many functions of a file. Linux 6.6. */
  readonly uprobeMulti: boolean
  /** Numbers by which a program tells its attachments apart. Linux 5.15. */
  readonly attachCookie: boolean
  /** Attachments as descriptors (`bpf_link`). Linux 5.7. */
  readonly link: boolean
  /** Statistics of programs' runs. Linux 5.8. */
  readonly runStats: boolean
}

/** What can be asked for: `features.ringbuf`. */
export type FeatureName = keyof Features

const PROBES: Readonly<Record<FeatureName, Probe>> = {
  boundedLoops: { what: "loops that the verifier follows", since: "5.3", has: probes.hasBoundedLoops },
  globalData: { what: "global variables", since: "5.2", has: probes.hasGlobalData },
  probeReadKernel: {
    what: "reads that tell kernel from user memory",
    since: "5.5",
    has: probes.hasProbeReadKernel,
  },
  ringbuf: { what: "ring buffers", since: "5.8", has: () => probes.canMap("ringbuf") >= 0 },
  userRingbuf: { what: "ring buffers from user space", since: "6.1", has: () => probes.canMap("user_ringbuf") >= 0 },
  rawTracepoint: { what: "raw tracepoints", since: "4.17", has: () => probes.canRawTracepoint() >= 0 },
  kprobe: {
    what: "kprobes",
    since: "4.1",
    has: () => (probes.canKprobe() ?? -1) >= 0 || probes.hasKprobeEvents(),
  },
  kprobeMulti: { what: "kprobes on many functions at once", since: "5.18", has: () => probes.canKprobeMulti() >= 0 },
  rawTracepointInModule: {
    what: "raw tracepoints of modules",
    since: "5.0",
    has: () => kernelSymbols().find("bpf_trace_modules").length > 0,
  },
  // Functions that nearly nobody calls: while it is tried, the program runs where it is attached.
  fentry: {
    what: "programs at functions of the kernel without a probe (fentry, fexit)",
    since: "5.5",
    has: () => probes.canBind("tracing", "trace_fentry", "bpf_fentry_test1") >= 0,
  },
  fmodRet: {
    what: "programs that take the place of functions of the kernel (fmod_ret)",
    since: "5.7",
    has: () => probes.canBind("tracing", "modify_return", "security_quota_on") >= 0,
  },
  lsm: {
    what: "programs at hooks of the security modules",
    since: "5.7",
    has: () => probes.canBind("lsm", "lsm_mac", "bpf_lsm_quota_on") >= 0,
  },
  uprobe: { what: "uprobes by perf", since: "4.17", has: () => probes.uprobePmu() !== undefined },
  uprobeMulti: { what: "uprobes on many functions at once", since: "6.6", has: probes.canUprobeMulti },
  attachCookie: { what: "cookies of attachments", since: "5.15", has: probes.hasAttachCookie },
  // A kernel that knows the command looks at the program first, and finds none.
  link: { what: "links (bpf_link)", since: "5.7", has: () => linkCreate(-1, -1, 0) === -EBADF },
  runStats: { what: "statistics of runs", since: "5.8", has: () => closes(enableStats()) },
}

function closes(fd: number): boolean {
  if (fd >= 0) closeFd(fd)
  return fd >= 0
}

const known = new Map<FeatureName, boolean>()

/** Whether the running kernel can do something for this process; tried once, when it is first asked. */
export function hasFeature(name: FeatureName): boolean {
  let answer = known.get(name)
  if (answer === undefined) known.set(name, (answer = PROBES[name].has()))
  return answer
}

/** Throws `KERNEL_FEATURE`, with the first kernel version that has it, where a feature is missing. */
export function requireFeature(name: FeatureName): void {
  if (hasFeature(name)) return
  const { what, since } = PROBES[name]
  throw new SkepError({
    code: "KERNEL_FEATURE",
    message: `this kernel cannot do it for this process: ${what}`,
    hint: `it came with Linux ${since}; skep doctor shows what else is missing`,
    missing: { feature: what, minKernel: since },
  })
}

/** Every feature that is looked for. */
export const featureNames = Object.keys(PROBES) as readonly FeatureName[]

/** What a feature is, and the first kernel version that has it. */
export const aboutFeature = (name: FeatureName): { readonly what: string; readonly since: string } => PROBES[name]

/**
 * What the running kernel can do for this process, each found out by doing it when it is first asked: `if (features.ringbuf) …`.
 * Version numbers say little: distributions carry features back, and rights are missing.
 */
export const features: Features = Object.defineProperties(
  {} as Features,
  Object.fromEntries(featureNames.map(name => [name, { enumerable: true, get: () => hasFeature(name) }])),
)
