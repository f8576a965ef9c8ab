import type { LoopVisit } from "./prune/loopVisits.ts"
import { NOT_INIT, type Reg } from "./reg.ts"

/** What a byte of the stack holds (`enum bpf_stack_slot_type`). */
export const Byte = { invalid: 0, spill: 1, misc: 2, zero: 3, dynptr: 4, iter: 5, irq: 6 } as const
export type Byte = (typeof Byte)[keyof typeof Byte]

/** Eight bytes of one kind, as {@link Slot.types} has them. */
export const allBytes = (byte: Byte): number => byte * 0x11111111

/** The kind of a byte of a slot; byte 7 has the lowest address. */
export const byteOf = (types: number, i: number): Byte => ((types >>> (4 * i)) & 15) as Byte

export const setByte = (types: number, i: number, byte: Byte): number => (types & ~(15 << (4 * i))) | (byte << (4 * i))

/** Eight bytes of a stack, never changed. */
export class Slot {
  /** Four bits for each byte, byte 7 (the one with the lowest address) on top. */
  readonly types: number
  /** What is spilled here; of a narrow spill, in the bytes that say so. */
  readonly reg: Reg

  constructor(types: number, reg: Reg) {
    this.types = types
    this.reg = reg
  }

  /** The lowest byte belongs to a spilled register. */
  get isSpill(): boolean {
    return byteOf(this.types, 7) === Byte.spill
  }

  /** All eight bytes are a spilled register. */
  get isFullSpill(): boolean {
    return this.types === 0x11111111
  }
}

export const EMPTY_SLOT = new Slot(0, NOT_INIT)
export const MISC_SLOT = new Slot(allBytes(Byte.misc), NOT_INIT)
export const ZERO_SLOT = new Slot(allBytes(Byte.zero), NOT_INIT)

/** Where a function of the program was called from inside of a helper or kernel function. */
export interface CallbackPlace {
  /** Range of values that it may return. */
  readonly range: readonly [number, number]
  /** It runs later, on its own. */
  readonly async: boolean
}

/** A function that runs: its registers and stack. */
export class Frame {
  readonly regs: Reg[]
  /** Slot 0 is the one below the frame pointer. */
  readonly stack: Slot[]
  /** The call, or -1 for the first frame of a program. */
  readonly callSite: number
  readonly number: number
  readonly subprogram: number
  /** Set for a function that a helper runs. */
  callback: CallbackPlace | undefined = undefined
  /** How often the call has run its function in a row. */
  callbackDepth = 0
  asyncEntries = 0
  inExceptionCallback = false

  constructor(callSite: number, number: number, subprogram: number, regs: Reg[], stack: Slot[]) {
    this.callSite = callSite
    this.number = number
    this.subprogram = subprogram
    this.regs = regs
    this.stack = stack
  }

  copy(): Frame {
    const frame = new Frame(this.callSite, this.number, this.subprogram, this.regs.slice(), this.stack.slice())
    frame.callback = this.callback
    frame.callbackDepth = this.callbackDepth
    frame.asyncEntries = this.asyncEntries
    frame.inExceptionCallback = this.inExceptionCallback
    return frame
  }

  /** The stack down to a slot. */
  grow(slots: number): void {
    while (this.stack.length < slots) this.stack.push(EMPTY_SLOT)
  }
}

/** Kinds of what a program has to give back. */
export type ReferenceKind = "pointer" | "irq" | "lock" | "resLock" | "resLockIrq"

/** Something that was acquired and has to be given back. */
export interface Reference {
  readonly kind: ReferenceKind
  readonly id: number
  /** The instruction that acquired it. */
  readonly slot: number
  /** Of a lock: the object (map or types) that it is in. */
  readonly owner?: unknown
}

/** An instruction of the way that a state came, where its slot does not say all. */
export interface Step {
  readonly slot: number
  readonly previous: number
  /** Stack access: `frame << 8 | slot`; -1 for none. */
  readonly stack: number
  /** Registers and slots that shared an id here: `frame << 16 | isStack << 8 | index`. */
  readonly linked: readonly number[] | undefined
  /** Of a comparison: 1 when the left side, 2 when the right side is a pointer into a stack. */
  readonly stackSides: number
}

/** What holds between two instructions on one way. */
export class State {
  frames: Frame[]
  references: readonly Reference[] = NONE
  /** Id of the reference that holds an interrupt flag last; 0 for none. */
  activeIrq = 0
  /** Locks held, and read sections, preemption sections open. */
  activeLocks = 0
  activeLockId = 0
  activeLockOwner: unknown = undefined
  rcuLocks = 0
  preemptLocks = 0
  sleepable = false
  speculative = false
  mayGotoDepth = 0
  callbackUnrollDepth = 0

  /** Ways that go on from here and are not finished. */
  branches = 1
  parent: State | undefined = undefined
  /** The instruction that is next, and the first and the last one since `parent`. */
  slot = 0
  first = 0
  last = -1
  steps: Step[] = []
  /** How many states were kept on the way here. */
  depth = 0
  /** In the list of states that are kept: hits and misses of comparisons. */
  hits = 0
  misses = 0
  /** Taken out of the list. */
  evicted = false
  /** For a state that ended because an older one covers it: the older one. */
  equal: State | undefined = undefined
  cleaned = false
  /** Of a state that was kept: the loop that it is in. */
  visit: LoopVisit | undefined = undefined

  constructor(frames: Frame[]) {
    this.frames = frames
  }

  get current(): Frame {
    return this.frames[this.frames.length - 1]
  }

  /** Frames are copied; registers and slots are shared, as they never change. */
  copy(): State {
    const state = new State(this.frames.map(copyFrame))
    state.references = this.references
    state.activeIrq = this.activeIrq
    state.activeLocks = this.activeLocks
    state.activeLockId = this.activeLockId
    state.activeLockOwner = this.activeLockOwner
    state.rcuLocks = this.rcuLocks
    state.preemptLocks = this.preemptLocks
    state.sleepable = this.sleepable
    state.speculative = this.speculative
    state.mayGotoDepth = this.mayGotoDepth
    state.callbackUnrollDepth = this.callbackUnrollDepth
    state.branches = this.branches
    state.parent = this.parent
    state.slot = this.slot
    state.first = this.first
    state.last = this.last
    state.depth = this.depth
    state.steps = this.steps.slice()
    return state
  }
}

const NONE: readonly Reference[] = []
const copyFrame = (frame: Frame): Frame => frame.copy()

/** The instruction that a frame is at: that of the state for the last one, the call for the others. */
export const frameSlot = (state: State, frame: number): number =>
  frame === state.frames.length - 1 ? state.slot : state.frames[frame + 1].callSite

/** Gives every register and spilled register to `change`, which returns the same one or another. */
export function changeRegs(state: State, change: (reg: Reg) => Reg): void {
  for (const { regs, stack } of state.frames) {
    for (let i = 0; i < 10; i++) {
      const reg = regs[i]
      if (reg === NOT_INIT) continue
      const next = change(reg)
      if (next !== reg) regs[i] = next
    }
    for (let i = 0; i < stack.length; i++) {
      const slot = stack[i]
      if (!slot.isSpill) continue
      const next = change(slot.reg)
      if (next !== slot.reg) stack[i] = new Slot(slot.types, next)
    }
  }
}
