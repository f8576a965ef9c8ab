import * as o from "../../isa/index.ts"
import { calledFunction, type FlatCode } from "./functions.ts"
import { Upper } from "./known.ts"

/** Helpers that run the program's own functions before they return, or another program. */
const CALLS_BACK = new Set([12, 164, 180, 181, 209])
export const TAIL_CALL = 12
export const MAP_LOOKUP = 1
export const MAP_UPDATE = 2
export const MAP_DELETE = 3
export const LOOP = 181
export const CPU_ID = 8

/** Helpers that read or write so many bytes behind a pointer as another argument says: both registers. */
const SIZED: Readonly<Record<number, readonly (readonly [pointer: number, size: number])[]>> = {
  4: [[1, 2]],
  6: [[1, 2]],
  9: [[3, 4]],
  16: [[1, 2]],
  25: [[4, 5]],
  26: [[3, 4]],
  45: [[1, 2]],
  112: [[1, 2]],
  113: [[1, 2]],
  114: [[1, 2]],
  115: [[1, 2]],
  130: [[2, 3]],
}

/** Helpers on a map in r1: what r2 and r3 point to. */
const ON_MAP: Readonly<Record<number, readonly ("keySize" | "valueSize")[]>> = {
  1: ["keySize"],
  2: ["keySize", "valueSize"],
  3: ["keySize"],
  87: ["valueSize"],
  88: ["valueSize"],
  89: ["valueSize"],
}

/** The register with the size of what another register of a helper's points to. */
export const sizeRegister = (helper: number, pointer: number): number | undefined =>
  SIZED[helper]?.find(([register]) => register === pointer)?.[1]

/** What a register of a helper on maps points to. */
export const mapPart = (helper: number, pointer: number): "keySize" | "valueSize" | undefined =>
  ON_MAP[helper]?.[pointer - 2]

/** What a call passes and gets. */
export interface CallShape {
  /** How many of r1 to r5 it reads. */
  readonly count: number
  /** What is known of the upper half of r0. */
  readonly result: number
  /** Parameters, as bits, of which the callee looks at the low word only. */
  readonly low: number
  /** It may run code of this program. */
  readonly callsBack: boolean
}

const helperShapes: (CallShape | undefined)[] = []

/** What the prototype of a helper says. One that has none takes all registers. */
export function helperShape(number: number): CallShape {
  return (helperShapes[number] ??= shapeOf(number))
}

function shapeOf(number: number): CallShape {
  const helper = o.helperById(number)
  if (helper === undefined) return { count: 5, result: 0, low: 0, callsBack: true }
  const { args, ret } = helper
  const count = args.at(-1) === "..." ? 5 : args.length
  let low = 0
  args.forEach((arg, k) => {
    if (/^(u32|int|s32|u16|__be16|u8) \w+$/.test(arg)) low |= 2 << k
  })
  const result = ret === "u32" ? Upper.zero : ret.endsWith("*") ? Upper.tagOrNull : 0
  return { count, result, low, callsBack: CALLS_BACK.has(number) }
}

const KFUNC: CallShape = { count: 5, result: 0, low: 0, callsBack: true }

/** The shape of any call. `parameters` tells how many a function of the program has. */
export function shapeOfCall(code: FlatCode, index: number, parameters: (functionNumber: number) => number): CallShape {
  const insn = code.insns[index]
  if (insn.src === o.BPF_HELPER_CALL) return helperShape(insn.imm)
  if (insn.src !== o.BPF_PSEUDO_CALL) return KFUNC
  return { count: parameters(calledFunction(code, index)), result: 0, low: 0, callsBack: true }
}

/**
 * Words that JavaScript is called with for so many arguments. V8 takes 60 µs for a wrapper of each signature that a module
 * imports, and a call 0.3 ns for a word more: two signatures stand for all.
 */
export const wordsOfCall = (count: number): number => (count <= 2 ? 4 : 10)

/** What the machine starts a program with: the address of its context, or nothing. */
export const CONTEXT = Upper.tagOrNull
