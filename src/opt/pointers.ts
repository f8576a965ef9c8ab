import type { Alloca, Inst, IrFunction, Value } from "../ir/index.ts"

/** A pointer taken apart: what it points into, and how far (undefined: not known). */
export interface Place {
  readonly base: Value
  readonly offset: number | undefined
}

/** Follows additions back to the object that a pointer points into. */
export function placeOf(pointer: Value): Place {
  let offset: number | undefined = 0
  while (pointer.kind === "inst" && pointer.op === "ptradd") {
    const by = pointer.args[1]
    offset = offset === undefined || by.kind !== "const" ? undefined : offset + Number(BigInt.asIntN(64, by.value))
    pointer = pointer.args[0]
  }
  return { base: pointer, offset }
}

export const isAlloca = (v: Value): v is Alloca => v.kind === "inst" && v.op === "alloca"

/** Whether a function has stack objects. */
export const hasAllocas = (func: IrFunction): boolean => func.blocks[0].insts.some(isAlloca)

/** Helpers that read the memory their arguments point to, and write none of it (numbers of uapi/linux/bpf.h). */
const READ_ONLY_HELPERS = new Set([1, 2, 3, 6, 25, 87, 111, 130])

/**
 * Which stack objects can be reached by more than the pointers seen: their address was stored, made an integer, merged with another pointer,
 * or given to a function of the program. An address that is only passed to a helper is not captured: helpers do not keep it.
 */
export function capturedAllocas(func: IrFunction): Set<Alloca> {
  const captured = new Set<Alloca>()
  if (!hasAllocas(func)) return captured
  const capture = (v: Value) => {
    const { base } = placeOf(v)
    if (isAlloca(base)) captured.add(base)
  }
  for (const block of func.blocks) {
    for (const phi of block.phis) for (const arg of phi.args) if (phi.type === "ptr") capture(arg)
    for (const inst of block.insts) {
      switch (inst.op) {
        case "load":
        case "ptradd":
        case "cmp":
        case "memcpy":
        case "memset":
          break
        case "store":
          capture(inst.args[1])
          break
        case "call":
          if (inst.callee.kind !== "helper") for (const arg of inst.args) capture(arg)
          else if (takesCallback(inst)) for (const arg of inst.args) capture(arg)
          break
        case "atomic":
          for (const arg of inst.args.slice(1)) capture(arg)
          break
        default:
          for (const arg of inst.args) capture(arg)
      }
    }
    for (const arg of block.term.args) capture(arg)
  }
  return captured
}

const takesCallback = (call: Inst) => call.args.some(a => a.kind === "inst" && a.op === "funcaddr")

/** Whether an instruction may read or write bytes of a stack object. */
export interface Touch {
  readonly read: boolean
  readonly write: boolean
}
const NONE: Touch = { read: false, write: false }
const READ: Touch = { read: true, write: false }
const BOTH: Touch = { read: true, write: true }

/** What a call, atomic or barrier does to a stack object; plain accesses are the caller's to judge. */
export function touches(inst: Inst, object: Alloca, captured: ReadonlySet<Alloca>): Touch {
  if (inst.op === "call") {
    if (captured.has(object)) return BOTH
    if (!inst.args.some(a => placeOf(a).base === object)) return NONE
    return inst.callee.kind === "helper" && READ_ONLY_HELPERS.has(inst.callee.id) ? READ : BOTH
  }
  if (inst.op === "atomic") {
    const { base } = placeOf(inst.args[0])
    return base === object || (captured.has(object) && !isAlloca(base)) ? BOTH : NONE
  }
  if (inst.op === "asm") return inst.memory && captured.has(object) ? BOTH : NONE
  if (inst.op === "opaque") return inst.args.length === 0 && captured.has(object) ? BOTH : NONE
  return NONE
}

/** Whether `[a, a + sizeA)` and `[b, b + sizeB)` may overlap. */
export function overlap(a: number | undefined, sizeA: number, b: number | undefined, sizeB: number): boolean {
  return a === undefined || b === undefined || (a < b + sizeB && b < a + sizeA)
}
