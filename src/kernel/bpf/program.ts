import * as a from "./attr.ts"
import { watcher } from "./watch.ts"

/** Arguments of BPF_PROG_LOAD. */
export interface ProgLoad {
  /** `enum bpf_prog_type`. */
  readonly type: number
  readonly name?: string
  /** Encoded instructions, 8 bytes a slot. */
  readonly insns: Uint8Array
  readonly license: string
  /** `LINUX_VERSION_CODE`, which kernels before 5.0 compare for kprobe programs. */
  readonly kernelVersion?: number
  readonly flags?: number
  readonly expectedAttachType?: number
  readonly btfFd?: number
  /** Records `{u32 slot, u32 type}`, 8 bytes each. Linux 4.20. */
  readonly funcInfo?: Uint8Array
  /** Records `{u32 slot, u32 file, u32 text, u32 line << 10 | column}`, 16 bytes each. Linux 5.0. */
  readonly lineInfo?: Uint8Array
  /** BTF id of the function or type the program is attached to. Linux 5.5. */
  readonly attachBtfId?: number
  /** Descriptor of a module's BTF for `attachBtfId`, or of the program that is attached to. */
  readonly attachBtfFd?: number
  /** Descriptors of modules' BTF that calls of kernel functions name by index. Linux 5.16. */
  readonly fdArray?: readonly number[]
  /** Receives the verifier's log; no log without it. */
  readonly log?: Uint8Array
  /** 1: the last path; 2: everything; 4: statistics. */
  readonly logLevel?: number
}

const FUNC_INFO_SIZE = 8
const LINE_INFO_SIZE = 16

/** Loads a program: its descriptor or −errno, and the size of the whole log where the kernel tells it (Linux 6.4). */
export function progLoad(prog: ProgLoad): { result: number; logSize: number } {
  const attr = a
    .attr()
    .u32(0, prog.type)
    .u32(4, prog.insns.length / 8)
    .ptr(8, prog.insns)
    .ptr(16, a.cString(prog.license))
    .u32(40, prog.kernelVersion ?? 0)
    .u32(44, prog.flags ?? 0)
    .u32(68, prog.expectedAttachType ?? 0)
    .u32(108, prog.attachBtfId ?? 0)
    .u32(112, prog.attachBtfFd ?? 0)
  if (prog.fdArray !== undefined && prog.fdArray.length > 1) {
    attr.ptr(120, new Uint8Array(Int32Array.from(prog.fdArray).buffer))
  }
  if (prog.name !== undefined) attr.name(48, prog.name)
  if (prog.log !== undefined) {
    attr
      .u32(24, prog.logLevel ?? 1)
      .u32(28, prog.log.length)
      .ptr(32, prog.log)
  }
  if (prog.btfFd !== undefined) {
    attr.u32(72, prog.btfFd)
    if (prog.funcInfo !== undefined && prog.funcInfo.length > 0) {
      attr
        .u32(76, FUNC_INFO_SIZE)
        .ptr(80, prog.funcInfo)
        .u32(88, prog.funcInfo.length / FUNC_INFO_SIZE)
    }
    if (prog.lineInfo !== undefined && prog.lineInfo.length > 0) {
      attr
        .u32(92, LINE_INFO_SIZE)
        .ptr(96, prog.lineInfo)
        .u32(104, prog.lineInfo.length / LINE_INFO_SIZE)
    }
  }
  const result = attr.call(a.BPF_PROG_LOAD)
  const logSize = attr.read(140)
  watcher?.programLoaded(result, prog)
  return { result, logSize }
}

/** Arguments of BPF_PROG_TEST_RUN. */
export interface ProgTestRun {
  readonly fd: number
  readonly dataIn?: Uint8Array
  /** Receives the packet; its length is the room there is. */
  readonly dataOut?: Uint8Array
  readonly contextIn?: Uint8Array
  readonly contextOut?: Uint8Array
  readonly repeat?: number
  readonly flags?: number
  readonly cpu?: number
}

export interface ProgTestRunAnswer {
  readonly result: number
  readonly retval: number
  /** Average of one run, in nanoseconds. */
  readonly duration: number
  readonly dataSizeOut: number
  readonly contextSizeOut: number
}

/** Runs a program once or more on given input. Linux 4.12 for packets, 5.10 for raw tracepoints. */
export function progTestRun(run: ProgTestRun): ProgTestRunAnswer {
  const attr = a
    .attr()
    .u32(0, run.fd)
    .u32(8, run.dataIn?.length ?? 0)
    .u32(12, run.dataOut?.length ?? 0)
    .ptr(16, run.dataIn)
    .ptr(24, run.dataOut)
    .u32(32, run.repeat ?? 0)
    .u32(40, run.contextIn?.length ?? 0)
    .u32(44, run.contextOut?.length ?? 0)
    .ptr(48, run.contextIn)
    .ptr(56, run.contextOut)
    .u32(64, run.flags ?? 0)
    .u32(68, run.cpu ?? 0)
  const result = attr.call(a.BPF_PROG_TEST_RUN)
  return {
    result,
    retval: attr.read(4),
    duration: attr.read(36),
    dataSizeOut: attr.read(12),
    contextSizeOut: attr.read(44),
  }
}
