import { SkepError } from "../../base/index.ts"
import type { AttachTarget, Link } from "../../machine/index.ts"
import type { ProgramType } from "../../object/index.ts"
import { rawTracepointOpen } from "../bpf/index.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import type { KernelProgram, ProgramOwner } from "../program.ts"
import { closeFd } from "../raw/index.ts"
import { type Kprobe, type OpenKprobe, openKprobe } from "./kprobe.ts"
import { KernelLink } from "./link.ts"
import { openRawTracepoint } from "./rawTracepoint.ts"
import { openTracepoint, tracepointId } from "./tracepoint.ts"

/** Program types that each kind of place takes. */
const TYPES: Record<AttachTarget["kind"], readonly ProgramType[]> = {
  kprobe: ["kprobe"],
  kretprobe: ["kprobe"],
  tracepoint: ["tracepoint"],
  raw_tracepoint: ["raw_tracepoint", "raw_tracepoint_writable"],
  fentry: ["tracing"],
  fexit: ["tracing"],
  fmod_ret: ["tracing"],
  lsm: ["lsm"],
  lsm_cgroup: [],
  freplace: ["ext"],
  tp_btf: ["tracing"],
  iter: [],
}

/** Attaches a program where `target` says; the link is among the owner's until it is detached. */
export function attach(program: KernelProgram, target: AttachTarget, owner: ProgramOwner): Link {
  if (!TYPES[target.kind].includes(program.type)) throw wrongType(program, target)
  const what = `attaching ${program.name} to ${targetText(target)}`
  const { method, close } = open(program, target, owner, what)
  const link = new KernelLink(program, target, method, () => {
    owner.links.delete(link)
    close()
  })
  owner.links.add(link)
  return link
}

interface Opened {
  readonly method: string
  close(): void
}

function open(program: KernelProgram, target: AttachTarget, owner: ProgramOwner, what: string): Opened {
  switch (target.kind) {
    case "kprobe":
    case "kretprobe":
      return attachKprobe(program, target, owner, what)
    case "tracepoint":
      return byFd("tracepoint", openTracepoint(tracepointId(target.category, target.event), program.fd, what))
    case "raw_tracepoint":
      return byFd("raw tracepoint", openRawTracepoint(target.event, program.fd, what))
    default:
      return byFd("trampoline", openTrampoline(program, what))
  }
}

const byFd = (method: string, fd: number): Opened => ({ method, close: () => closeFd(fd) })

type KprobeTarget = Extract<AttachTarget, { kind: "kprobe" | "kretprobe" }>

/** By the name given, and when the kernel has no such function, by the name it may have given it instead. */
function attachKprobe(program: KernelProgram, target: KprobeTarget, owner: ProgramOwner, what: string): OpenKprobe {
  const { functions } = owner.options
  const probe: Kprobe = {
    symbol: target.syscall ? functions.syscall(target.event) : target.event,
    offset: target.offset ?? 0,
    ret: target.kind === "kretprobe",
    maxActive: target.maxActive,
  }
  try {
    return openKprobe(probe, program.fd, what)
  } catch (error) {
    if (!(error instanceof SkepError) || error.code !== "KERNEL_NO_SYMBOL") throw error
    return openKprobe({ ...probe, symbol: functions.resolve(probe.symbol) }, program.fd, what)
  }
}

/** fentry, fexit, fmod_ret, LSM: the program was bound to its function when it was loaded. */
function openTrampoline(program: KernelProgram, what: string): number {
  const fd = rawTracepointOpen(undefined, program.fd)
  if (fd >= 0) return fd
  if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_BPF", "CAP_PERFMON"])
  throw callFailed(what, -fd, { hint: "the kernel needs ftrace with direct calls for it; a kprobe needs less" })
}

function targetText(target: AttachTarget): string {
  const event = target.kind === "tracepoint" ? `${target.category}:${target.event}` : target.event
  return `${target.kind} ${event}${target.offset ? `+${target.offset}` : ""}`
}

function wrongType(program: KernelProgram, target: AttachTarget): SkepError {
  const types = TYPES[target.kind]
  return new SkepError({
    code: "KERNEL_ATTACH_TYPE",
    message: `program ${program.name} has type ${program.type} and cannot be attached to ${targetText(target)}`,
    hint:
      types.length === 0
        ? `skep does not attach to a ${target.kind} in the kernel`
        : `load it as ${types.join(" or ")}: name it after its place, or give its type when it is loaded`,
  })
}
