import { SkepError } from "../base/index.ts"
import { BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, encodeInsns, progTypes } from "../isa/index.ts"
import { type LoadedMap, noMap, type ProgramOptions } from "../machine/index.ts"
import {
  type AttachSpec,
  type BpfObject,
  funcInfo,
  type Image,
  type LoadableBtf,
  lineInfo,
  makeImage,
  type ProgramSpec,
  type ProgramType,
} from "../object/index.ts"
import { logText, summarise } from "../verifier/index.ts"
import { bindTo } from "./bind.ts"
import { objectName, type ProgLoad, progLoad } from "./bpf/index.ts"
import { Externs } from "./externs.ts"
import { requireFeature } from "./featureList.ts"
import { isPermission, kernelAtLeast, raiseMemlock, versionCode } from "./host/index.ts"
import type { KernelTypes } from "./kernelTypes.ts"
import { withOlderHelpers } from "./olderHelpers.ts"
import { KernelProgram, type ProgramOwner } from "./program.ts"
import { E2BIG, EAGAIN, EINVAL, ENOSPC, errnoText } from "./raw/index.ts"
import { refusal } from "./refusal.ts"
import type { Operation } from "./structOps.ts"

/** What it takes to load one program. */
export interface LoadProgram {
  readonly spec: ProgramSpec
  readonly type: ProgramType
  readonly attach: AttachSpec | undefined
  /** For a program of type ext: the program of which it replaces a function. */
  readonly replaces?: ProgramOptions["replaces"]
  readonly object: BpfObject
  readonly maps: ReadonlyMap<string, LoadedMap>
  readonly types: KernelTypes
  /** What programs are loaded for that are operations of a table, by name. */
  readonly operations: ReadonlyMap<string, Operation>
  readonly btf: { readonly fd: number; readonly loadable: LoadableBtf } | undefined
  readonly logLevel: 0 | 1 | 2
  readonly owner: ProgramOwner
}

const BPF_F_SLEEPABLE = 1 << 4
const BPF_F_XDP_HAS_FRAGS = 1 << 5

/** Puts a program into the kernel. Throws `KERNEL_VERIFIER` with the whole log, or why it was not looked at. */
export function loadProgram(load: LoadProgram): KernelProgram {
  const { spec, type, object, btf } = load
  const image = makeImage(spec, object)
  const fdArray = relocate(image, load)
  let request: ProgLoad = {
    type: progTypes.number(type) as number,
    name: objectName(spec.name),
    insns: encodeInsns(image.insns),
    license: object.license,
    kernelVersion: type === "kprobe" && !kernelAtLeast("5.0") ? versionCode() : 0,
    // Programs that a process calls may sleep; the kernel wants it said.
    flags: (type === "syscall" || spec.sleepable ? BPF_F_SLEEPABLE : 0) | (spec.frags ? BPF_F_XDP_HAS_FRAGS : 0),
    fdArray,
    ...bindTo(load),
    ...(btf && { btfFd: btf.fd, funcInfo: funcInfo(image), lineInfo: lineInfo(image, btf.loadable, object.lines) }),
  }
  let fd = load.logLevel === 0 ? tryLoad(request) : -EINVAL
  let log = ""
  const older = fd < 0 ? withOlderHelpers(image.insns) : undefined
  if (older !== undefined) {
    request = { ...request, insns: encodeInsns(older) }
    fd = load.logLevel === 0 ? tryLoad(request) : -EINVAL
  }
  if (fd < 0) {
    // Loading again with a log tells why it failed; a log slows every load down, so the first try has none.
    ;({ fd, log } = loadWithLog(request, Math.max(load.logLevel, 1)))
    if (fd < 0 && btf !== undefined && blamesDebugInfo(-fd, log)) {
      const { btfFd: _, ...plain } = request
      const without = loadWithLog(plain, Math.max(load.logLevel, 1))
      if (without.fd >= 0) {
        const why = log === "" ? errnoText(-fd) : summarise(log).reason
        load.owner.notes.push(`the kernel did not take the types and lines of program ${spec.name}: ${why}`)
      }
      // Refused as well, it says what is wrong with the program itself.
      if (without.fd >= 0 || without.log !== "") ({ fd, log } = without)
    }
    if (fd < 0 && image.relocations.some(({ kind }) => kind === "mapValue")) requireFeature("globalData")
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

/** Fills in what only the loader knows: descriptors of maps, what is the kernel's. Gives the modules' descriptors. */
function relocate(image: Image, load: LoadProgram): readonly number[] {
  const externs = new Externs(load.object, load.types, load.spec.name)
  for (const relocation of image.relocations) {
    const insn = image.insns[relocation.insn]
    switch (relocation.kind) {
      case "kfunc": {
        const called = externs.call(insn, relocation)
        image.insns[relocation.insn] = called.insn
        if (called.poisoned !== undefined) image.poisoned.set(relocation.insn, called.poisoned)
        break
      }
      case "ksym":
        image.insns[relocation.insn] = externs.address(insn, relocation)
        break
      case "extern":
        throw notLinked(load.spec.name, relocation.name)
      default: {
        const map = load.maps.get(relocation.map)
        if (map === undefined) {
          if (load.object.externs?.some(e => e.name === relocation.map)) throw notLinked(load.spec.name, relocation.map)
          throw noMap(relocation.map, load.maps.keys())
        }
        image.insns[relocation.insn] =
          relocation.kind === "map"
            ? { ...insn, src: BPF_PSEUDO_MAP_FD, imm: map.fd, imm64: 0 }
            : { ...insn, src: BPF_PSEUDO_MAP_VALUE, imm: map.fd, imm64: relocation.offset }
      }
    }
  }
  return externs.fds
}

const notLinked = (user: string, name: string): SkepError =>
  new SkepError({
    code: "KERNEL_NOT_LINKED",
    message: `${user} uses ${name}, which another object defines`,
    hint: "link the objects before loading them: skep link a.o b.o -o both.o",
  })
