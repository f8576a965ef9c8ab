import { type Call, type Expr, evaluate, pointerOf, type Type } from "../../c/index.ts"
import type { AtomicOp, BinaryOp, Value } from "../ir.ts"
import { constant } from "../values.ts"
import { loadPlace, reached, storePlace } from "./access.ts"
import type { FunctionContext, Place } from "./context.ts"
import { convert } from "./convert.ts"
import { effect, scalar } from "./expr.ts"
import { fail } from "./fail.ts"
import { pointed } from "./place.ts"
import { intOf, reprOf, type Scalar } from "./repr.ts"

const ops: Record<string, readonly [AtomicOp, BinaryOp]> = {
  add: ["add", "add"],
  sub: ["add", "sub"],
  and: ["and", "and"],
  or: ["or", "or"],
  xor: ["xor", "xor"],
}

/**
 * `__sync_…` and `__atomic_…`. BPF's atomics are sequentially consistent when they return a value, so memory orders ask for nothing more.
 * Undefined for a name that is none of these.
 */
export function atomicBuiltin(cx: FunctionContext, name: string, e: Call): { value: Scalar | undefined } | undefined {
  const { b } = cx
  if (name === "__sync_synchronize" || name === "__atomic_thread_fence" || name === "__atomic_signal_fence") {
    for (const arg of e.args) effect(cx, arg)
    b.barrier()
    return { value: undefined }
  }
  const fetch = /^__(?:sync|atomic)_(?:fetch_and_|fetch_)(\w+)$/.exec(name)
  const after = /^__(?:sync|atomic)_(\w+?)_(?:and_)?fetch$/.exec(name)
  if (fetch !== null) return { value: fetchOp(cx, fetch[1], e, false) }
  if (after !== null) return { value: fetchOp(cx, after[1], e, true) }
  switch (name) {
    case "__sync_lock_test_and_set":
    case "__atomic_exchange_n": {
      const to = target(cx, e.args[0], 4)
      return { value: modify(cx, "xchg", to, [operand(cx, e.args[1], to.type)], e) }
    }
    case "__atomic_exchange": {
      const to = target(cx, e.args[0], 4)
      const old = modify(cx, "xchg", to, [loadPlace(cx, object(cx, e.args[1]), e.span)], e)
      storePlace(cx, object(cx, e.args[2]), old)
      return { value: undefined }
    }
    case "__sync_val_compare_and_swap":
    case "__sync_bool_compare_and_swap": {
      const to = target(cx, e.args[0], 4)
      const expected = operand(cx, e.args[1], to.type)
      const old = modify(cx, "cmpxchg", to, [expected, operand(cx, e.args[2], to.type)], e)
      return { value: name.includes("bool") ? b.cmp("eq", old as Value, expected as Value) : old }
    }
    case "__atomic_compare_exchange":
    case "__atomic_compare_exchange_n":
      return { value: compareExchange(cx, e, name.endsWith("_n")) }
    case "__atomic_load_n":
      return { value: loadPlace(cx, ordered(target(cx, e.args[0], 1), e.args[1]), e.span) }
    case "__atomic_load":
      storePlace(cx, object(cx, e.args[1]), loadPlace(cx, ordered(target(cx, e.args[0], 1), e.args[2]), e.span))
      return { value: undefined }
    case "__atomic_store_n": {
      const to = ordered(target(cx, e.args[0], 1), e.args[2])
      storePlace(cx, to, operand(cx, e.args[1], to.type))
      return { value: undefined }
    }
    case "__atomic_store": {
      const to = ordered(target(cx, e.args[0], 1), e.args[2])
      storePlace(cx, to, loadPlace(cx, object(cx, e.args[1]), e.span))
      return { value: undefined }
    }
    case "__sync_lock_release": {
      const to = target(cx, e.args[0], 1)
      b.barrier()
      storePlace(cx, to, zeroOf(to.type, e))
      return { value: undefined }
    }
    default:
      return undefined
  }
}

/** `old = *p; *p = old op v` in one; gives the old value, or the new one. */
function fetchOp(cx: FunctionContext, op: string, e: Call, after: boolean): Scalar {
  const { b } = cx
  const known = ops[op]
  if (known === undefined) {
    return fail("IR_ATOMIC", `BPF has no atomic ${op}`, e.span, {
      hint: "add, sub, and, or, xor are there; others need compare and swap",
    })
  }
  const [atomic, binary] = known
  const to = target(cx, e.args[0], 4)
  const raw = operand(cx, e.args[1], to.type) as Value
  const by = raw.type === "ptr" ? b.ptrtoint(raw) : raw
  const change = op === "sub" ? b.binary("sub", constant(by.type as "i32" | "i64", 0), by) : by
  const old = rmw(cx, atomic, to, [change], e)
  const result = after ? b.binary(binary, old, by) : old
  return raw.type === "ptr" ? b.inttoptr(result) : result
}

function compareExchange(cx: FunctionContext, e: Call, direct: boolean): Value {
  const { b } = cx
  const to = target(cx, e.args[0], 4)
  const slot = object(cx, e.args[1])
  const expected = loadPlace(cx, slot, e.span)
  const desired = direct ? operand(cx, e.args[2], to.type) : loadPlace(cx, object(cx, e.args[2]), e.span)
  const old = modify(cx, "cmpxchg", to, [expected, desired], e)
  // What was found is stored always: it is what is there already when they are equal.
  storePlace(cx, slot, old)
  return b.cmp("eq", old as Value, expected as Value)
}

/** xchg and cmpxchg, on pointers too. */
function modify(cx: FunctionContext, atomic: AtomicOp, to: Place, args: Scalar[], e: Call): Scalar {
  const { b } = cx
  const pointer = reprOf(to.type, e.span) === "ptr"
  const words = args.map(v => (pointer ? b.ptrtoint(v as Value) : (v as Value)))
  const old = rmw(cx, atomic, to, words, e)
  return pointer ? b.inttoptr(old) : old
}

function rmw(cx: FunctionContext, atomic: AtomicOp, to: Place, args: Value[], e: Call): Value {
  cx.b.span = e.span
  return cx.b.atomic(atomic, intOf(to.type).size as 4 | 8, [reached(cx, to).address, ...args])
}

/** The object that an atomic works on; accesses to it are volatile. */
function target(cx: FunctionContext, e: Expr, least: number): Place {
  const place = object(cx, e)
  const { size } = intOf(place.type)
  if (size < least || size > 8) {
    fail("IR_ATOMIC", `BPF has no atomic operation on ${size} byte${size === 1 ? "" : "s"}`, e.span, {
      hint: "use an integer of 4 or 8 bytes",
    })
  }
  return { ...place, volatile: true }
}

/** A place whose accesses have a memory order that is more than relaxed (0), or not known. */
function ordered(place: Place, order: Expr | undefined): Place {
  const known = order === undefined ? undefined : evaluate(order)
  return known === 0n ? place : { ...place, ordered: true }
}

function object(cx: FunctionContext, e: Expr): Place {
  const pointer = pointerOf(e.type)
  if (pointer === undefined) return fail("IR_ATOMIC", "an atomic operation needs a pointer", e.span)
  return pointed(scalar(cx, e) as Value, pointer.to)
}

function operand(cx: FunctionContext, e: Expr, type: Type): Scalar {
  return convert(cx, scalar(cx, e), e.type, type, e.span)
}

function zeroOf(type: Type, e: Call): Scalar {
  const repr = reprOf(type, e.span)
  return constant(repr === "ptr" || repr === "i64" ? repr : "i32", 0)
}
