import { SkepError } from "../base/index.ts"
import {
  attachTypes,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_VALUE,
  encodeInsns,
  progTypes,
} from "../isa/index.ts"
import { type LoadedMap, noMap } from "../machine/index.ts"
import type { AttachSpec, BpfObject, ProgramSpec, ProgramType } from "../object/index.ts"
import { objectName, type ProgLoad, progLoad } from "./bpf/index.ts"
import { funcInfo, type LoadableBtf, lineInfo } from "./debugInfo.ts"
import { isPermission, kernelAtLeast, raiseMemlock, versionCode } from "./host/index.ts"
import { type Image, makeImage } from "./image.ts"
import { type ModuleFunction, moduleFunction } from "./moduleFunctions.ts"
import { KernelProgram, type ProgramOwner } from "./program.ts"
import { closeFd, E2BIG, EAGAIN, EINVAL, ENOSPC, errnoText } from "./raw/index.ts"
import { refusal } from "./refusal.ts"
import { logText, summarise } from "./verifierLog.ts"

/** What it takes to load one program. */
export interface LoadProgram {
  readonly spec: ProgramSpec
  readonly type: ProgramType
  readonly attach: AttachSpec | undefined
  readonly object: BpfObject
  readonly maps: ReadonlyMap<string, LoadedMap>
  readonly btf: { readonly fd: number; readonly loadable: LoadableBtf } | undefined
  readonly logLevel: 0 | 1 | 2
  readonly owner: ProgramOwner
}

const BPF_F_SLEEPABLE = 1 << 4

/** Puts a program into the kernel. Throws `KERNEL_VERIFIER` with the whole log, or why it was not looked at. */
export function loadProgram(load: LoadProgram): KernelProgram {
  const { spec, object } = load
  const image = makeImage(spec, object)
  relocate(image, load)
  const bound = bindTo(load)
  try {
    return putIn(load, image, bound)
  } finally {
    if (bound.attachBtfFd !== undefined) closeFd(bound.attachBtfFd)
  }
}

function putIn(load: LoadProgram, image: Image, bound: Partial<ProgLoad>): KernelProgram {
  const { spec, type, object, btf } = load
  const request: ProgLoad = {
    type: progTypes.number(type) as number,
    name: objectName(spec.name),
    insns: encodeInsns(image.insns),
    license: object.license,
    kernelVersion: type === "kprobe" && !kernelAtLeast("5.0") ? versionCode() : 0,
    // Programs that a process calls may sleep; the kernel wants it said.
    flags: type === "syscall" ? BPF_F_SLEEPABLE : 0,
    ...bound,
    ...(btf && { btfFd: btf.fd, funcInfo: funcInfo(image), lineInfo: lineInfo(image, btf.loadable, object.lines) }),
  }
  let fd = load.logLevel === 0 ? tryLoad(request) : -EINVAL
  let log = ""
  if (fd < 0) {
    // Loading again with a log tells why it failed; a log slows every load down, so the first try has none.
    ;({ fd, log } = loadWithLog(request, Math.max(load.logLevel, 1)))
    if (fd < 0 && btf !== undefined && blamesDebugInfo(-fd, log)) {
      const { btfFd: _, ...plain } = request
      const without = loadWithLog(plain, Math.max(load.logLevel, 1))
      if (without.fd >= 0) {
        const why = log === "" ? errnoText(-fd) : summarise(log).reason
        load.owner.notes.push(`the kernel did not take the types and lines of program ${spec.name}: ${why}`)
        ;({ fd, log } = without)
      }
    }
    if (fd < 0) throw refusal({ name: spec.name, type, object, image, errno: -fd, log })
  }
  return new KernelProgram(spec, type, fd, image.slotCount, load.logLevel === 0 ? "" : log, load.owner)
}

/** Whether a refusal is about types and lines, or about fields of the call that an old kernel does not know. */
function blamesDebugInfo(errno: number, log: string): boolean {
  return log === "" ? errno === EINVAL || errno === E2BIG : /(line|func)[_ ]info|\bBTF\b/.test(summarise(log).reason)
}

/** Verification stops with EAGAIN when a signal comes in between. */
function tryLoad(request: ProgLoad): number {
  let fd = -EAGAIN
  for (let i = 0; i < 5 && fd === -EAGAIN; i++) fd = progLoad(request).result
  if (isPermission(-fd) && raiseMemlock()) fd = progLoad(request).result
  return fd
}

/**
 * Sizes of the log buffer that are tried. The last is the most that kernels before 5.8 take, and what is worth reading: a program that
 * reaches the verifier's limit of a million instructions would log hundreds of megabytes.
 */
const LOG_SIZES = [1 << 18, 1 << 22, (1 << 24) - 1]
/** Faults and statistics, without the path that led there. */
const LOG_STATS = 4

function loadWithLog(request: ProgLoad, logLevel: number): { fd: number; log: string } {
  let answer = { fd: -EINVAL, log: "" }
  for (let i = 0; i < LOG_SIZES.length; i++) {
    const { result, logSize, log } = tryWithLog(request, LOG_SIZES[i], logLevel)
    // An old kernel refuses a large buffer: what fitted the one before has to do.
    if (result === -EINVAL && log === "" && i > 0) break
    answer = { fd: result, log }
    if (result !== -ENOSPC) return answer
    while (i + 1 < LOG_SIZES.length - 1 && LOG_SIZES[i + 1] < logSize) i++
  }
  // Kernels before 6.4 keep the log's beginning, and what is wrong stands at its end.
  if (answer.fd !== -ENOSPC || kernelAtLeast("6.4")) return answer
  const short = tryWithLog(request, LOG_SIZES[0], LOG_STATS)
  return { fd: short.result, log: `${answer.log}\n…\n${short.log}` }
}

function tryWithLog(
  request: ProgLoad,
  size: number,
  logLevel: number,
): { result: number; logSize: number; log: string } {
  const buffer = new Uint8Array(size)
  const { result, logSize } = progLoad({ ...request, log: buffer, logLevel })
  return { result, logSize, log: logText(buffer) }
}

/** Fills in what only the loader knows: descriptors of maps, ids of kernel functions. */
function relocate(image: Image, load: LoadProgram): void {
  for (const relocation of image.relocations) {
    const insn = image.insns[relocation.insn]
    if (relocation.kind === "kfunc") {
      const imm = functionId(load, relocation.name, `${load.spec.name} calls it`)
      image.insns[relocation.insn] = { ...insn, src: BPF_PSEUDO_KFUNC_CALL, off: 0, imm }
      continue
    }
    if (relocation.kind === "ksym" || relocation.kind === "extern") {
      throw new SkepError({
        code: "KERNEL_NO_SYMBOL",
        message: `${load.spec.name} uses ${relocation.name}, which this loader does not look up`,
        hint: "declare it in the program",
      })
    }
    const map = load.maps.get(relocation.map)
    if (map === undefined) throw noMap(relocation.map, load.maps.keys())
    image.insns[relocation.insn] =
      relocation.kind === "map"
        ? { ...insn, src: BPF_PSEUDO_MAP_FD, imm: map.fd, imm64: 0 }
        : { ...insn, src: BPF_PSEUDO_MAP_VALUE, imm: map.fd, imm64: relocation.offset }
  }
}

/** Prefix of the kernel function that a program is bound to when it is loaded, by the kind of its place. */
const BOUND: Partial<Record<AttachSpec["kind"], { prefix: string; attachType: string }>> = {
  fentry: { prefix: "", attachType: "trace_fentry" },
  fexit: { prefix: "", attachType: "trace_fexit" },
  fmod_ret: { prefix: "", attachType: "modify_return" },
  lsm: { prefix: "bpf_lsm_", attachType: "lsm_mac" },
  tp_btf: { prefix: "btf_trace_", attachType: "trace_raw_tp" },
  iter: { prefix: "bpf_iter_", attachType: "trace_iter" },
}

function bindTo(load: LoadProgram): Partial<ProgLoad> {
  const { attach } = load
  const bound = attach && BOUND[attach.kind]
  if (attach === undefined || bound === undefined) return {}
  const expectedAttachType = attachTypes.number(bound.attachType)
  const name = `${bound.prefix}${attach.event}`
  const inModule = functionOfModule(load, attach, name)
  if (inModule !== undefined) return { expectedAttachType, attachBtfId: inModule.id, attachBtfFd: inModule.btfFd }
  return { expectedAttachType, attachBtfId: boundTo(load, attach.kind, name) }
}

/** A function that the program says is a module's, or that the kernel itself does not have and a module does. */
function functionOfModule(load: LoadProgram, attach: AttachSpec, name: string): ModuleFunction | undefined {
  if (attach.kind !== "fentry" && attach.kind !== "fexit" && attach.kind !== "fmod_ret") return undefined
  const base = load.owner.options.kernelBtf()
  if (base.find(name, "func") !== 0) return undefined
  return moduleFunction(name, attach.module, base)
}

/** BTF id of what a program is bound to: a function, or the typedef that stands for a tracepoint. */
function boundTo(load: LoadProgram, kind: AttachSpec["kind"], name: string): number {
  if (kind !== "tp_btf") return functionId(load, name, `${load.spec.name} is bound to it`)
  const id = load.owner.options.kernelBtf().find(name, "typedef")
  if (id !== 0) return id
  throw new SkepError({
    code: "KERNEL_NO_TRACEPOINT",
    message: `the kernel's type information has no tracepoint ${name.replace("btf_trace_", "")}`,
    why: `${load.spec.name} is bound to it`,
    hint: "the kernel's tracepoints are in /sys/kernel/tracing/events",
  })
}

function functionId(load: LoadProgram, name: string, why: string): number {
  const id = load.owner.options.kernelBtf().find(name, "func")
  if (id !== 0) return id
  throw new SkepError({
    code: "KERNEL_NO_FUNCTION",
    message: `the kernel's type information has no function ${name}`,
    why,
    hint: "the function may be inlined, renamed or missing from this kernel; a kprobe takes any function in /proc/kallsyms",
  })
}
