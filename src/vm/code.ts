import type { Insn } from "../isa/index.ts"
import type { Counters } from "./coverage.ts"
import type { VmMap } from "./maps/map.ts"
import type { Run } from "./run.ts"

/** r1 to r5 as pairs of signed 32-bit words, the low one first. */
export type ArgumentWords = readonly [
  a1: number,
  a1High: number,
  a2: number,
  a2High: number,
  a3: number,
  a3High: number,
  a4: number,
  a4High: number,
  a5: number,
  a5High: number,
]

/**
 * A helper or a kernel function. It returns the low word of r0, and puts the high word into `run.high` where it is not 0. Whoever calls it puts 0 there
 * before.
 */
export type Helper = (run: Run, ...words: ArgumentWords) => number

/** A program with its subprograms as executors take it. */
export interface CodeImage {
  /** The program's name. */
  readonly name: string
  /**
   * Instructions. Addresses of maps and of their values are constants already. Left are: `call` of helpers by number, of subprograms by distance
   * (`BPF_PSEUDO_CALL`), of kernel functions by index into `kfuncs` (`BPF_PSEUDO_KFUNC_CALL`), and addresses of functions (`BPF_PSEUDO_FUNC`).
   */
  readonly insns: readonly Insn[]
  /** The kernel functions that it calls. */
  readonly kfuncs: readonly Helper[]
  /** The helper with a number; undefined where the machine has none. */
  readonly helper: (number: number) => Helper | undefined
  /** By slot: 1 for loads through a typed pointer of the kernel, which give 0 where the address is bad. */
  readonly probes: Uint8Array
  /** Slots of functions that the machine calls by itself: what the program throws to. */
  readonly entries?: readonly number[]
  /** A verifier has accepted the program: it ends, and its pointers stay in what they point into. */
  readonly verified?: boolean
  /** The map that programs have at an address of the machine's memory: WebAssembly finds things in some by itself. */
  readonly mapAt?: (address: number) => VmMap | undefined
  /** Counters of lines of C; only the interpreter counts. */
  readonly counters?: Counters
}

/** A program that is ready to run, by the interpreter or as WebAssembly. */
export interface Code {
  /**
   * Runs the function that begins at a slot of the image, 0 for the program itself, with r1 to r5 and the frame pointer. Returns the low word of r0,
   * and puts the high word into `run.high`. @throws Fault, ProgramExit
   */
  readonly invoke: (run: Run, slot: number, frame: number, ...words: ArgumentWords) => number
}

/** Makes code of an image. */
export type Translate = (image: CodeImage) => Code
