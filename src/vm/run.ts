import { CODE, CPU_WORD, FRAME_WORD, FUEL_WORD, HIGH_WORD, KERNEL, PACKET, STACK_WORD, USER } from "./address.ts"
import type { Code } from "./code.ts"
import type { Core } from "./core.ts"
import type { Environment } from "./environment.ts"
import { badAddress, badCallback, budgetSpent, ProgramExit, stackOverflow } from "./fault.ts"
import type { Sequence } from "./iterate/sequence.ts"
import type { VmMap } from "./maps/map.ts"
import type { Memory } from "./memory.ts"
import type { PacketBuffer } from "./packetBuffer.ts"

/** Bytes of stack that a function has. */
export const FRAME_BYTES = 512
/** Functions that can be under way at once: the verifier's 8, and callbacks of callbacks. */
export const FRAMES = 16
/** Programs that may follow each other by tail calls. Source: MAX_TAIL_CALL_CNT. */
export const MAX_TAIL_CALLS = 33

/** A program that can be run: what a handle of one leads to. */
export interface Runnable {
  readonly kind: "program"
  readonly name: string
  /** Name of its type as `progTypes` has it. */
  readonly type: string
  readonly code: Code
  /** Slot of the function that runs when the program ends by `bpf_throw`; what was thrown is the result without one. */
  readonly exceptionSlot?: number
}

/** One run of a program, with all that helpers may ask. A run may be taken again when it has ended. */
export class Run {
  readonly core: Core
  readonly memory: Memory
  readonly environment: Environment
  /** First byte of the stack; frames grow down from its end. */
  readonly #stack: number
  /** The program that runs: another one after a tail call. */
  program!: Runnable
  /** Address of its context. */
  context = 0
  /** The CPU that it runs on. */
  cpu = 0
  /** The packet that it is about, if any. */
  packet: PacketBuffer | undefined
  /** Tail calls so far. */
  tailCalls = 0
  /** Set by the tail call helper: the function that called it is to return what it got. */
  leaves = false
  /** The number that tells a program at which of its places it runs (`bpf_get_attach_cookie`). */
  cookie = 0n
  /** The output of an iterator; undefined where the program is none. */
  sequence: Sequence | undefined
  /** Options of the socket that the program is about, by level and number (`bpf_setsockopt`). They begin anew with each trial run. */
  socketOptions: Map<string, Uint8Array> | undefined
  /** What the system call gives that a program of a control group is asked about (`bpf_get_retval`). */
  retval = 0
  /** The function that is traced, for `bpf_get_func_ip`. */
  functionAddress = 0n

  constructor(core: Core) {
    this.core = core
    this.memory = core.memory
    this.environment = core.environment
    this.#stack = core.memory.allocate(FRAME_BYTES * FRAMES, "stack")
  }

  /** High word of what a helper, or the program, returns. */
  get high(): number {
    return this.memory.i32[HIGH_WORD >> 2]
  }
  set high(word: number) {
    this.memory.i32[HIGH_WORD >> 2] = word
  }

  /** For helpers that return a signed number, an error code above all: its high word goes with it. */
  signed(value: number): number {
    if (value < 0) this.high = -1
    return value
  }

  /** For helpers that return 64 bits that a number holds exactly. */
  wide(value: number): number {
    this.high = Math.floor(value / 2 ** 32) | 0
    return value | 0
  }

  /** For helpers that return 64 bits. */
  big(value: bigint): number {
    this.high = Number((value >> 32n) & 0xffffffffn) | 0
    return Number(value & 0xffffffffn) | 0
  }

  /** For helpers that return an address of the machine's own memory, or 0 for none. */
  pointer(address: number): number {
    if (address !== 0) this.high = KERNEL
    return address
  }

  /** Runs a program from its beginning: the low word of r0, with the high one in `high`. */
  start(program: Runnable, context: number): number {
    this.context = context
    return this.startAt(program, 0, [context, context === 0 ? 0 : KERNEL])
  }

  /** Runs the function of a program that begins at a slot, with arguments as pairs of words. */
  startAt(program: Runnable, slot: number, words: readonly number[]): number {
    this.program = program
    this.tailCalls = 0
    this.leaves = false
    // The words are the machine's, and a program may run because of what another one's helper did.
    const { i32 } = this.memory
    const frame = i32[FRAME_WORD >> 2]
    const fuel = i32[FUEL_WORD >> 2]
    const stack = i32[STACK_WORD >> 2]
    const cpu = i32[CPU_WORD >> 2]
    i32[FUEL_WORD >> 2] = this.core.budget
    i32[STACK_WORD >> 2] = this.#stack
    i32[CPU_WORD >> 2] = this.cpu
    const top = this.#stack + FRAME_BYTES * FRAMES
    try {
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = words
      return program.code.invoke(this, slot, top, a, b, c, d, e, f, 0, 0, 0, 0)
    } catch (error) {
      if (!(error instanceof ProgramExit)) throw error
      this.high = error.high
      return error.low
    } finally {
      this.memory.i32[FRAME_WORD >> 2] = frame
      this.memory.i32[FUEL_WORD >> 2] = fuel
      this.memory.i32[STACK_WORD >> 2] = stack
      this.memory.i32[CPU_WORD >> 2] = cpu
    }
  }

  /**
   * Calls a function of the program from inside of a helper that it called: the low word of what it returns; `high` is 0 again.
   * @throws Fault VM_CALLBACK
   */
  callback(
    low: number,
    high: number,
    a1 = 0,
    a1High = 0,
    a2 = 0,
    a2High = 0,
    a3 = 0,
    a3High = 0,
    a4 = 0,
    a4High = 0,
    a5 = 0,
    a5High = 0,
  ): number {
    if (high !== CODE) throw badCallback(low, high)
    const { i32 } = this.memory
    const frame = i32[FRAME_WORD >> 2]
    const below = this.below(frame)
    const value = this.program.code.invoke(this, low, below, a1, a1High, a2, a2High, a3, a3High, a4, a4High, a5, a5High)
    this.memory.i32[FRAME_WORD >> 2] = frame
    this.high = 0
    return value
  }

  /** Runs another program in the place of the function that calls the tail call helper: what it returns. */
  leaveFor(program: Runnable, context: number, contextHigh: number): number {
    this.program = program
    const frame = this.memory.i32[FRAME_WORD >> 2]
    const value = program.code.invoke(this, 0, frame, context, contextHigh, 0, 0, 0, 0, 0, 0, 0, 0)
    this.leaves = true
    return value
  }

  /** The frame below one, for a function that is called from it. @throws Fault VM_STACK */
  below(frame: number): number {
    if (frame - FRAME_BYTES <= this.#stack) throw stackOverflow(FRAMES)
    return frame - FRAME_BYTES
  }

  /** Takes instructions off those that may still be made. @throws Fault VM_BUDGET */
  spend(instructions: number): void {
    if ((this.memory.i32[FUEL_WORD >> 2] -= instructions) < 0) throw budgetSpent(this.core.budget)
  }

  /** Memory that a helper is to read: its address. @throws Fault VM_ACCESS */
  readable(low: number, high: number, size: number): number {
    if (!isOwn(high) || !this.memory.readable(low, size)) throw badAddress(this.memory, low, high, size, "read")
    return low
  }

  /** Memory that a helper is to write: its address. @throws Fault VM_ACCESS */
  writable(low: number, high: number, size: number): number {
    if (!isOwn(high) || !this.memory.writable(low, size)) throw badAddress(this.memory, low, high, size, "write")
    return low
  }

  /** A map by the address that programs have of it. @throws Fault VM_ACCESS */
  map(low: number, high: number): VmMap {
    const map = high === KERNEL ? this.core.mapAt(low) : undefined
    if (map === undefined) throw badAddress(this.memory, low, high, 1, "map")
    return map
  }

  /** Bytes of the packet in network order, for the legacy loads; −1 where the packet is too short. */
  loadPacket(offset: number, size: number): number {
    const { packet, memory } = this
    if (packet === undefined) return -1
    const at = packet.data + offset
    if (offset < 0 || at + size > packet.end) return -1
    return size === 4
      ? memory.view.getUint32(at, false)
      : size === 2
        ? memory.view.getUint16(at, false)
        : memory.view.getUint8(at)
  }
}

/** Whether an address is one that programs may have of the machine's memory. */
export const isOwn = (high: number): boolean => high === KERNEL || high === PACKET || high === USER
