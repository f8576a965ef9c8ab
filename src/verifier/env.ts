import { sizeOf } from "../btf/index.ts"
import type { AttachType } from "../isa/index.ts"
import type { Limit } from "./alu/sanitize.ts"
import type { Comparison } from "./branch/compare.ts"
import type { LoopCall } from "./calls/inlined.ts"
import type { Caller } from "./helpers/index.ts"
import { type KernelVersion, NEWEST_KERNEL, type VerifierInput, type VerifierMap } from "./input.ts"
import { InsnLog } from "./insnLog.ts"
import { bySlot, LastResults } from "./lastResults.ts"
import { isGplCompatible } from "./licence.ts"
import { Log } from "./log.ts"
import { Code } from "./program.ts"
import type { LoopVisit } from "./prune/loopVisits.ts"
import type { StackLiveness } from "./prune/stackLiveness.ts"
import { Refused } from "./refuse.ts"
import { Kind, pointerReg, type Reg, scalarReg } from "./reg.ts"
import type { AccessKind } from "./result.ts"
import { constant, type Scalar } from "./scalar/index.ts"
import type { Frame, State, Step } from "./state.ts"
import type { FunctionFlow } from "./structure/edges.ts"
import { Marks } from "./structure/marks.ts"
import type { Subprogram } from "./structure/subprograms.ts"

/** Instructions that are walked over at most (`BPF_COMPLEXITY_LIMIT_INSNS`). */
export const MAX_PROCESSED = 1_000_000
/** Ways that wait at most (`BPF_COMPLEXITY_LIMIT_JMP_SEQ`). */
const MAX_PENDING = 8192

/** What the kernel takes 0 for as an attach type, where that is no choice. */
const FIRST_ATTACH_TYPES: Readonly<Record<string, AttachType>> = {
  cgroup_sock: "cgroup_inet_sock_create",
  sk_reuseport: "sk_reuseport_select",
}
const BPF_F_SLEEPABLE = 16
const DEFAULT_CPUS = 128
/** A way that is walked later. */
interface Pending {
  readonly state: State
  readonly slot: number
  readonly previous: number
  readonly logPosition: number
}

/** One verification: what is given, what is known of the program, and where the walk is. */
export class Env {
  readonly input: VerifierInput
  readonly code: Code
  readonly kernel: KernelVersion
  readonly log: Log
  readonly marks: Marks
  readonly privileged: boolean
  /** Whether the program may see the kernel's addresses, and what is left on its stack. */
  readonly perfmon: boolean
  readonly strictAlignment: boolean
  readonly numbers: LastResults<Scalar>
  readonly comparisons: LastResults<Comparison>
  /** What helpers return, by the ends of the range. */
  readonly results = new Map<string, Reg>()
  readonly #immediates: (Reg | undefined)[]
  /** The maps that 64-bit loads name, by slot. */
  readonly mapAt: (VerifierMap | undefined)[]
  subprograms: readonly Subprogram[] = []
  /** By number of the function. */
  flows: readonly FunctionFlow[] = []
  exceptionCallback: Subprogram | undefined
  /** First slots of the functions that are verified on their own. */
  readonly globals = new Set<number>()

  /** Where the walk is. */
  state!: State
  slot = 0
  previousSlot = -1
  readonly pending: Pending[] = []
  /** The states that were kept, in lists that instructions can share: see {@link exploredAt}. */
  readonly explored: (State[] | undefined)[]
  readonly loopVisits = new Map<string, LoopVisit>()
  /** By slot: how far a pointer may move on wrong ways. */
  readonly limits = new Map<number, Limit>()
  /** Numbers that limits depend on are told apart exactly. */
  exploresLimits = false
  /** By slot: wrong ways end before an instruction, or after it. */
  readonly nospec: Uint8Array
  readonly nospecResult: Uint8Array
  /** By slot. */
  readonly loopCalls = new Map<number, LoopCall>()
  liveness!: StackLiveness
  #lastId = 0
  readonly #callers: readonly [Caller, Caller]
  readonly #framePointers: Reg[] = []
  #perCpu: Set<number> | undefined
  /** Whether the program may sleep where it starts. */
  readonly sleepable: boolean
  /** By slot: what the first way there has reached memory through. */
  readonly pointerKinds: (Reg | undefined)[]

  processed = 0
  jumps = 0
  keptProcessed = 0
  keptJumps = 0
  totalStates = 0
  peakStates = 0
  /** States that are in lists, and states that were taken out of one but are on a way that is not finished. */
  keptStates = 0
  evictedStates = 0
  maxStatesPerInsn = 0
  backedges = 0

  readonly access: (AccessKind | undefined)[]
  readonly callMap: (VerifierMap | undefined | null)[]

  /** Step of the instruction that is walked, when one was recorded for it. */
  step: Step | undefined
  readonly told: InsnLog

  constructor(input: VerifierInput) {
    this.input = input
    this.code = new Code(input.insns)
    this.kernel = input.kernel ?? NEWEST_KERNEL
    this.log = new Log(input.logLevel ?? 1)
    const { count } = this.code
    this.marks = new Marks(count)
    this.nospec = new Uint8Array(count)
    this.nospecResult = new Uint8Array(count)
    this.numbers = new LastResults(count)
    this.comparisons = new LastResults(count)
    this.#immediates = bySlot(count)
    this.explored = bySlot(count)
    this.mapAt = bySlot(count)
    this.pointerKinds = bySlot(count)
    this.access = bySlot(count)
    this.callMap = bySlot(count)
    this.privileged = input.privileged ?? true
    this.perfmon = this.privileged && (input.perfmon ?? true)
    this.told = new InsnLog(this)
    this.sleepable = ((input.flags ?? 0) & BPF_F_SLEEPABLE) !== 0
    const { attachTo, license } = input
    const caller = {
      type: this.programType,
      attachType: this.attachType,
      target: attachTo?.btf.name(attachTo.type),
      member: memberName(input),
      kernel: this.version,
      privileged: this.privileged,
      perfmon: this.perfmon,
      gpl: isGplCompatible(license),
    }
    this.#callers = [
      { ...caller, sleepable: false },
      { ...caller, sleepable: true },
    ]
    this.strictAlignment = ((input.flags ?? 0) & 1) !== 0
  }

  /** Whether the kernel is of a version or newer. */
  atLeast(major: number, minor: number): boolean {
    return this.kernel.major > major || (this.kernel.major === major && this.kernel.minor >= minor)
  }

  /** The kernel's version as the tables have it: `major * 100 + minor`. */
  get version(): number {
    return this.kernel.major * 100 + this.kernel.minor
  }

  /** The program's type; of one that replaces a function (`ext`), that of the other program. */
  get programType(): string {
    const { type, attachTo } = this.input
    return type === "ext" ? (attachTo?.program?.type ?? type) : type
  }

  /** What the program is loaded for; some types have a first choice. */
  get attachType(): AttachType | undefined {
    const { attachType } = this.input
    // The number 0 says "none" to most types.
    const first = FIRST_ATTACH_TYPES[this.programType]
    return attachType === undefined || attachType === "cgroup_inet_ingress" ? (first ?? attachType) : attachType
  }

  /** CPUs that the machine may have. */
  get cpus(): number {
    return this.input.cpus ?? DEFAULT_CPUS
  }

  /** Who calls helpers, at the place where the walk is. */
  get caller(): Caller {
    const sleepable = this.state?.sleepable ?? this.sleepable
    return sleepable ? this.#callers[1] : this.#callers[0]
  }

  /** Who calls helpers where it may sleep: for what a helper does at all. */
  get sleepingCaller(): Caller {
    return this.#callers[1]
  }

  /** A pointer to the end of a frame's stack. */
  framePointer(frame: number): Reg {
    this.#framePointers[frame] ??= pointerReg(Kind.stack, { aux: frame })
    return this.#framePointers[frame]
  }

  /** Ids of the kernel's variables of which each CPU has its own. */
  perCpuVariables(): ReadonlySet<number> {
    if (this.#perCpu === undefined) {
      this.#perCpu = new Set()
      const btf = this.input.kernelBtf
      const id = btf?.find(".data..percpu", "datasec") ?? 0
      const section = btf === undefined || id === 0 ? undefined : btf.type(id)
      if (section?.kind === "datasec") for (const { type } of section.vars) this.#perCpu.add(type)
    }
    return this.#perCpu
  }

  /** The program names an arena. */
  get hasArena(): boolean {
    return this.mapAt.some(map => map?.type === "arena")
  }

  /** An id that nothing has yet. */
  newId(): number {
    return ++this.#lastId
  }

  refuse(errno: number, message: string): never {
    throw new Refused(errno, message)
  }

  get frame(): Frame {
    return this.state.frames[this.state.frames.length - 1]
  }

  get regs(): Reg[] {
    return this.frame.regs
  }

  /** Sets a register of the current frame. */
  set(register: number, reg: Reg): void {
    this.regs[register] = reg
    this.told.regs |= 1 << register
  }

  /** A register that is read: it must have been written. */
  read(register: number): Reg {
    const reg = this.regs[register]
    if (reg === undefined) this.refuse(22, `R${register} is invalid`)
    this.told.regs |= 1 << register
    if (reg.kind === 0) this.refuse(13, `R${register} !read_ok`)
    return reg
  }

  /** The number that an instruction holds, always the same object: its immediate, or (`narrow`) the low half of it. */
  immediate(slot: number, narrow = false): Reg {
    const imm = this.code.imm[slot]
    return (this.#immediates[slot] ??= scalarReg(constant(BigInt(narrow ? imm >>> 0 : imm))))
  }

  /** A register that is about to be written: not the frame pointer. */
  checkWritable(register: number): void {
    if (register > 10) this.refuse(22, `R${register} is invalid`)
    if (register === 10) this.refuse(13, "frame pointer is read only")
    this.told.regs |= 1 << register
  }

  /** Keeps a way for later. */
  push(state: State, slot: number, previous: number): void {
    this.pending.push({ state, slot, previous, logPosition: this.log.position })
    if (this.pending.length > MAX_PENDING) {
      this.refuse(7, `The sequence of ${this.pending.length} jumps is too complex.`)
    }
    if (state.parent !== undefined) state.parent.branches++
  }

  /** A copy of the current state for another way, which is walked later. */
  fork(slot: number, previous: number): State {
    const state = this.state.copy()
    state.branches = 1
    this.push(state, slot, previous)
    return state
  }

  /** Keeps a way for later that only a processor takes that guesses wrong. */
  speculate(slot: number): State {
    const state = this.fork(slot, this.slot)
    state.speculative = true
    return state
  }

  /** Records how the walk came to its instruction, and what it does to the stack. */
  record(stack: number, linked: readonly number[] | undefined, stackSides = 0): void {
    if (this.step !== undefined) {
      const old = this.step
      const step = {
        ...old,
        stack: stack >= 0 ? stack : old.stack,
        linked: linked ?? old.linked,
        stackSides: stackSides || old.stackSides,
      }
      this.state.steps[this.state.steps.length - 1] = step
      this.step = step
      return
    }
    this.step = { slot: this.slot, previous: this.previousSlot, stack, linked, stackSides }
    this.state.steps.push(this.step)
  }

  /** Notes what an access reaches. */
  note(kind: AccessKind): void {
    if (this.state.speculative) return
    const known = this.access[this.slot]
    this.access[this.slot] = known === undefined || known === kind ? kind : "mixed"
  }

  /** Whether the function that starts at a slot is verified on its own. */
  isGlobal(start: number): boolean {
    return this.globals.has(start)
  }

  subprogramName(index: number): string {
    const { btf, funcInfo } = this.input
    const start = this.subprograms[index]?.start
    const info = funcInfo?.find(f => f.insn === start)
    if (btf === undefined || info === undefined) return ""
    return btf.name(info.type)
  }

  /** The size of a type of the program; 0 where it has none. */
  typeSize(id: number): number {
    try {
      return this.input.btf === undefined ? 0 : sizeOf(this.input.btf, id)
    } catch {
      return 0
    }
  }
}

/** The member of a table of operations that a program is loaded for. */
function memberName({ attachTo, structOpsMember = 0 }: VerifierInput): string | undefined {
  const table = attachTo?.btf.type(attachTo.type)
  return table?.kind === "struct" ? table.members[structOpsMember]?.name : undefined
}
