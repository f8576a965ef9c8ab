import assert from "node:assert/strict"
import { test } from "node:test"
import * as isa from "../../src/isa/index.ts"
import { verify } from "../../src/verifier/index.ts"
import { needsRoot } from "../support/kernel.ts"
import { judgeInsns } from "./kernelLog.ts"

/** A program whose middle is never reached, but only the walk finds that out: whether it is taken for what stands there. */
function dead(name: string, middle: readonly isa.Insn[], accepted: boolean) {
  const skipped = isa.slotCount(middle)
  const insns = [isa.mov64Imm(0, 0), isa.jumpImm(isa.BPF_JEQ, 0, 0, skipped), ...middle, isa.exit()]
  test(`dead code: ${name}`, { skip: needsRoot }, () => {
    const kernel = judgeInsns(insns)
    assert.equal(kernel.accepted, accepted, kernel.log)
    const ours = verify({ insns: isa.encodeInsns(insns), type: "socket_filter" })
    assert.equal(ours.accepted, accepted, ours.log)
  })
}

dead("a register that nothing was put into", [isa.mov64Reg(1, 9)], true)
dead("a 64-bit constant with an offset", [{ ...isa.lddw(1, 0, 5, 0), off: 128 }], true)
dead("a map that is none", [isa.loadMapFd(1, 12345)], false)
dead("no such opcode", [{ op: 0xff, dst: 0, src: 0, off: 0, imm: 0 }], false)
