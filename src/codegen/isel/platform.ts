import type { AddrSpaceCast, Core, Inst } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import { NO_REG } from "../mir/mir.ts"
import { OP_COPY, OP_MOV_IMM, OP_MOV32_IMM } from "../mir/operands.ts"
import { isWideCore } from "./match.ts"
import type { Selector } from "./selector.ts"

/** A number that the loader fills in, in a register. */
export function selectCore(s: Selector, v: Core & Inst): void {
  const r = s.newReg()
  if (isWideCore(v)) s.constant64(r, v.value).core = v
  else {
    const op = v.type === "i32" && s.cpu >= 3 ? OP_MOV32_IMM : OP_MOV_IMM
    s.emit(op, r, NO_REG, 0, Number(BigInt.asIntN(32, v.value))).core = v
  }
  s.bindResult(v, r, s.cpu >= 3)
}

/** A pointer into an arena as the other side sees it: a move with the two address spaces in its immediate. */
export function selectAddrSpaceCast(s: Selector, v: AddrSpaceCast & Inst): void {
  const r = s.newReg()
  s.emit(OP_COPY, r, s.reg(v.args[0]), o.BPF_ADDR_SPACE_CAST, (v.to << 16) | v.from)
  s.bind(v, r)
}
