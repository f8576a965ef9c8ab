import { SkepError } from "../base/index.ts"
import type {
  AttachTarget,
  IterOutput,
  IterScope,
  Link,
  LoadedMap,
  LoadedProgram,
  MachineCode,
  ProgramInfo,
  TestRunInput,
  TestRunResult,
} from "../machine/index.ts"
import type { ProgramSpec, ProgramType } from "../object/index.ts"
import { attach } from "./attach/attach.ts"
import { runIterator } from "./attach/iterator.ts"
import { progTestRun } from "./bpf/index.ts"
import { callFailed, isPermission, permissionError } from "./host/index.ts"
import { machineCode, programCode } from "./info/programCode.ts"
import { programInfo } from "./info/programInfo.ts"
import type { KernelOptions } from "./options.ts"
import { pinAt } from "./pin.ts"
import { closeFd, ENOSPC, ENOTSUPP, EOPNOTSUPP } from "./raw/index.ts"
import { capabilitiesFor } from "./refusal.ts"

/** Bytes a packet may grow in a trial run, unless the caller says more. */
const GROWTH = 256
/** Program types whose context comes back changed. */
const CONTEXT_OUT = new Set<ProgramType>(["socket_filter", "sched_cls", "sched_act", "xdp", "cgroup_skb", "sk_lookup"])

/** What a program needs to know of the object it belongs to. */
export interface ProgramOwner {
  readonly options: KernelOptions
  readonly links: Set<Link>
  readonly maps: ReadonlyMap<string, LoadedMap>
  /** A program loaded once more, for an attach type of its own: kept with the owner. */
  variant(program: KernelProgram, attachType: string): KernelProgram
  /** What was done without; see `Loaded.notes`. */
  readonly notes: string[]
  /** See `Loaded.attachOperations`. */
  attachOperations(map: string): Link
}

/** A program the kernel has accepted. */
export class KernelProgram implements LoadedProgram {
  readonly name: string
  readonly type: ProgramType
  readonly spec: ProgramSpec
  readonly slots: number
  readonly log: string
  readonly #owner: ProgramOwner
  #fd: number

  constructor(spec: ProgramSpec, type: ProgramType, fd: number, slots: number, log: string, owner: ProgramOwner) {
    this.name = spec.name
    this.type = type
    this.spec = spec
    this.slots = slots
    this.log = log
    this.#fd = fd
    this.#owner = owner
  }

  get fd(): number {
    if (this.#fd < 0) {
      throw new SkepError({
        code: "MACHINE_CLOSED",
        message: `program ${this.name} has been closed`,
        hint: "use the program before its object is disposed",
      })
    }
    return this.#fd
  }

  get info(): ProgramInfo {
    const { type: _, ...info } = programInfo(this.fd)
    return info
  }

  code(form: "xlated" | "jited"): Uint8Array {
    return programCode(this.fd, form, this.name)
  }

  machineCode(): MachineCode[] {
    return machineCode(this.fd, this.name)
  }

  pin(path: string): void {
    pinAt(this.fd, `program ${this.name}`, path)
  }

  testRun(input: TestRunInput = {}): TestRunResult {
    const { data, context } = input
    const dataOut = data === undefined ? undefined : new Uint8Array(input.dataRoom ?? data.length + GROWTH)
    const inPlace = this.type === "syscall" && context !== undefined ? context.slice() : undefined
    const contextOut = context !== undefined && CONTEXT_OUT.has(this.type) ? new Uint8Array(context.length) : undefined
    const answer = progTestRun({
      fd: this.fd,
      dataIn: data,
      dataOut,
      contextIn: inPlace ?? context,
      contextOut,
      repeat: input.repeat,
      // BPF_F_TEST_RUN_ON_CPU
      flags: input.cpu === undefined ? 0 : 1,
      cpu: input.cpu,
    })
    if (answer.result < 0) throw this.#testRunFailed(-answer.result, answer.dataSizeOut)
    return {
      retval: answer.retval,
      duration: answer.duration,
      data: dataOut?.slice(0, answer.dataSizeOut) ?? new Uint8Array(0),
      context: inPlace ?? contextOut?.slice(0, answer.contextSizeOut) ?? new Uint8Array(0),
    }
  }

  attach(target: AttachTarget | undefined = this.spec.attach): Link {
    if (target === undefined) {
      throw new SkepError({
        code: "MACHINE_NO_TARGET",
        message: `nothing says where to attach program ${this.name}`,
        hint: "name it after its place (kprobe__do_sys_openat2), or give attach() a target",
      })
    }
    return attach(this, target, this.#owner)
  }

  iterate(scope: IterScope = {}): IterOutput {
    const { attach } = this.spec
    if (attach?.kind !== "iter") {
      throw new SkepError({
        code: "KERNEL_ATTACH_TYPE",
        message: `program ${this.name} is no iterator`,
        hint: 'an iterator is marked SEC("iter/task") or, in BCC\'s dialect, BPF_ITER(task)',
      })
    }
    return runIterator(scope, this.fd, `iterating over ${attach.event} with ${this.name}`)
  }

  [Symbol.dispose](): void {
    if (this.#fd < 0) return
    closeFd(this.#fd)
    this.#fd = -1
  }

  #testRunFailed(errno: number, size: number): SkepError {
    const what = `running program ${this.name}`
    if (errno === ENOTSUPP || errno === EOPNOTSUPP) {
      return new SkepError({
        code: "MACHINE_NO_TEST_RUN",
        message: `the kernel cannot run a ${this.type} program by itself: program ${this.name}`,
        hint: "attach it, or try its logic in a program of another type (socket_filter, xdp, raw_tracepoint)",
        errno,
      })
    }
    if (errno === ENOSPC) {
      return callFailed(what, errno, { hint: `the packet it leaves needs room for ${size} bytes: set dataRoom` })
    }
    if (isPermission(errno)) return permissionError(what, errno, capabilitiesFor(this.type))
    return callFailed(what, errno, {
      hint: "network programs take a packet of at least 14 bytes, raw tracepoints a context and no repeat",
    })
  }
}
