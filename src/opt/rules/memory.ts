import {
  constant,
  type Inst,
  i64,
  isConst,
  type LoadPacket,
  type MemSet,
  type Store,
  type Value,
} from "../../ir/index.ts"
import type { Context } from "./context.ts"
import { coveredBy } from "./convert.ts"

/** A pointer plus constants: added up. */
export function pointer(inst: Inst, ctx: Context): Value | undefined {
  const [base, by] = inst.args
  if (isConst(by, 0)) return base
  if (by.kind !== "const") return undefined
  if (base.kind === "const") return constant("ptr", base.value + by.value)
  if (base.kind === "inst" && base.op === "ptradd" && base.args[1].kind === "const") {
    const sum = i64(base.args[1].value + by.value)
    return sum.value === 0n ? base.args[0] : ctx.change({ args: [base.args[0], sum] })
  }
  return undefined
}

/** A constant part of the place in a packet goes into the instruction. */
export function packet(inst: LoadPacket & Inst, ctx: Context): undefined {
  const [context, index] = inst.args
  if (index === undefined) return
  if (index.kind === "const") {
    const offset = inst.offset + Number(index.value)
    if (offset < 0x80000000) ctx.change({ args: [context], offset })
  } else if (index.kind === "inst" && index.op === "add" && index.args[1].kind === "const") {
    const offset = BigInt.asIntN(32, BigInt(inst.offset) + index.args[1].value)
    ctx.change({ args: [context, index.args[0]], offset: Number(offset) })
  }
}

/** A store cuts its value: what only changes the bits cut off goes. */
export function store(inst: Store & Inst, ctx: Context): undefined {
  const value = uncut(inst.args[1], inst.width * 8)
  if (value !== inst.args[1]) ctx.change({ args: [inst.args[0], value] })
}

/** A fill uses the low byte. */
export function fill(inst: MemSet & Inst, ctx: Context): undefined {
  const value = uncut(inst.args[1], 8)
  if (value !== inst.args[1] && value.type === "i32") ctx.change({ args: [inst.args[0], value] })
}

/** The value whose low bits are wanted, before it was masked, extended or cut. */
function uncut(v: Value, bits: number): Value {
  while (v.kind === "inst") {
    const drops = coveredBy(v, bits) || (bits <= 32 && (v.op === "zext" || v.op === "sext" || v.op === "trunc"))
    if (!drops) break
    v = v.args[0]
  }
  return v
}
