import type { Alloca, CallInst, Inst, IrFunction, Param, Value } from "../ir/index.ts"
import { capturedAllocas, isAlloca, placeOf } from "./pointers.ts"

/**
 * The kinds of memory that a BPF program has. The verifier knows each pointer's kind, and none leads from one into another:
 *
 * - context: what the program is called with, its first argument;
 * - packet: behind the 32-bit addresses in the context (`data`, `data_meta`), which only the verifier makes pointers;
 * - map value: what looking up in a map, or getting a local storage, gives;
 * - record: what is reserved in a ring buffer, fresh;
 * - global: variables of the program, each by itself.
 *
 * The stack is not among them: what is known of its objects is in {@link capturedAllocas}.
 */
export type Region = "context" | "packet" | "map value" | "record" | "global"

/** Helpers that give a pointer to a map's value, or to a local storage's (numbers of uapi/linux/bpf.h). */
const MAP_VALUE_HELPERS = new Set([1, 81, 107, 145, 156, 195, 210])
const RINGBUF_RESERVE = 131

/** Which accesses of a function may meet, told from where their pointers come from. */
export class Regions {
  /** Stack objects that are reached by more than the pointers seen. */
  readonly captured: ReadonlySet<Alloca>
  readonly #context: Param | undefined

  constructor(func: IrFunction) {
    this.captured = capturedAllocas(func)
    this.#context = func.role === "program" && func.params.length === 1 ? func.params[0] : undefined
  }

  /** Whether accesses through two bases may meet, offsets aside. */
  mayMeet(a: Value, b: Value): boolean {
    if (a === b) return true
    if (isAlloca(a)) return this.captured.has(a) && !isAlloca(b) && !this.#outside(b)
    if (isAlloca(b)) return this.captured.has(b) && !this.#outside(a)
    const one = this.of(a)
    const other = this.of(b)
    if (one === undefined || other === undefined) return true
    if (one !== other) return false
    if (one === "global") return globalOf(a) === globalOf(b)
    return one !== "record"
  }

  /** Whether a pointer surely leads to no stack object of this function. */
  #outside(base: Value): boolean {
    return base.kind === "param" || this.of(base) !== undefined
  }

  /** The kind of memory that a pointer's base leads to; undefined where that is not known, or the stack. */
  of(base: Value): Region | undefined {
    if (base === this.#context) return "context"
    if (base.kind !== "inst") return undefined
    switch (base.op) {
      case "globaladdr":
        return "global"
      case "call":
        if (base.callee.kind !== "helper") return undefined
        if (MAP_VALUE_HELPERS.has(base.callee.id)) return "map value"
        return base.callee.id === RINGBUF_RESERVE ? "record" : undefined
      case "inttoptr":
        return this.#fromContext(base.args[0]) ? "packet" : undefined
      default:
        return undefined
    }
  }

  /** Whether a number is 32 bits of the context. */
  #fromContext(v: Value): boolean {
    if (v.kind !== "inst" || v.op !== "zext") return false
    const [inner] = v.args
    return (
      inner.kind === "inst" && inner.op === "load" && inner.width === 4 && placeOf(inner.args[0]).base === this.#context
    )
  }
}

const globalOf = (v: Value) => (v.kind === "inst" && v.op === "globaladdr" ? v.global : undefined)

/**
 * Helpers that change no memory of a program, of its maps or its context but what their arguments lead to: they read, compute, or send away
 * (numbers of uapi/linux/bpf.h).
 */
const CHANGE_ARGUMENTS_ONLY = new Set([
  1, 4, 5, 6, 7, 8, 14, 15, 16, 25, 35, 42, 45, 80, 111, 112, 113, 114, 115, 118, 120, 123, 125, 130, 158, 160, 165,
  177, 195, 208,
])

/** Whether a call changes no memory but what its arguments lead to. */
export const changesArgumentsOnly = (call: CallInst & Inst): boolean =>
  call.callee.kind === "helper" && CHANGE_ARGUMENTS_ONLY.has(call.callee.id)
