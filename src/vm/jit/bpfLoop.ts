import * as o from "../../isa/index.ts"
import { BUDGET_SPENT, FUEL_WORD } from "../address.ts"
import { E2BIG } from "../errno.ts"
import { MAX_LOOPS } from "../helpers/control.ts"
import type { FunctionTranslator } from "./translateFunction.ts"
import { I64, Op, VOID } from "./wasm/opcodes.ts"

/**
 * `bpf_loop` with a function that is known, and no flags: a loop that calls it.
 *
 *     if (count > MAX_LOOPS) w0 = −E2BIG
 *     else for (r0 = 0; r0 < count; ) if (function(r0++, context) ≠ 0) break
 */
export function translateLoop(w: FunctionTranslator, i: number, called: number): void {
  const { counter, limit } = w.locals
  const number = (value: number): void => w.i32(value)
  const get = (local: number): void => w.opWith(Op.localGet, local)
  const set = (local: number): void => w.opWith(Op.localSet, local)
  w.low(w.readWeb(i, o.R1))
  w.opWith(Op.localTee, limit)
  number(MAX_LOOPS)
  w.op(Op.i32GtU)
  w.opWith(Op.if, I64)
  // The kernel puts the loop into the program, and there the code is a number of 32 bits.
  w.i64(-E2BIG, 0)
  w.op(Op.else)
  number(0)
  set(counter)
  w.opWith(Op.block, VOID)
  w.opWith(Op.loop, VOID)
  get(counter)
  get(limit)
  w.op(Op.i32GeU)
  w.opWith(Op.brIf, 1)
  spend(w)
  w.callFunction(called, r => {
    if (r === o.R1) {
      get(counter)
      w.op(Op.i64ExtendI32U)
    } else if (r === o.R2) w.wide(w.readWeb(i, o.R3))
    else w.i64(0, 0)
  })
  get(counter)
  number(1)
  w.op(Op.i32Add)
  set(counter)
  w.op(Op.i32WrapI64)
  w.op(Op.i32Eqz)
  w.opWith(Op.brIf, 0)
  w.op(Op.end)
  w.op(Op.end)
  get(counter)
  w.op(Op.i64ExtendI32U)
  w.op(Op.end)
  const to = w.writtenWeb(i)
  if (to < 0) w.op(Op.drop)
  else w.set(to, I64)
}

/** A turn costs an instruction, whoever has checked the program: loops in loops may go on for years. */
function spend(w: FunctionTranslator): void {
  w.i32(0)
  w.i32(0)
  w.memory(Op.i32Load, FUEL_WORD)
  w.i32(1)
  w.op(Op.i32Sub)
  w.opWith(Op.localTee, w.locals.temp32)
  w.memory(Op.i32Store, FUEL_WORD)
  w.opWith(Op.localGet, w.locals.temp32)
  w.i32(0)
  w.op(Op.i32LtS)
  w.opWith(Op.if, VOID)
  w.endRun(BUDGET_SPENT)
  w.op(Op.end)
}
