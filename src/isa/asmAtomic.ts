import type { Cursor } from "./asmCursor.ts"
import { address, pointer, unsignedPlace } from "./asmMemory.ts"
import { checkHalf, operand, type Register } from "./asmOperand.ts"
import * as b from "./build.ts"
import type { Insn } from "./insn.ts"
import * as o from "./opcodes.ts"
import { ATOMIC_NAMES } from "./syntax.ts"

const FETCH = /^(?:atomic(?:64)?_(?:fetch_(add|or|and|xor)|(xchg)|(cmpxchg))|(xchg|cmpxchg)(_64|32_32))$/

/** Atomic operations that give a value, in both spellings; the register on the left says which one receives it. */
export function atomicValue(c: Cursor, word: string, dst: Register): Insn | undefined {
  if (word === "load_acquire") {
    c.expect("(", "after load_acquire")
    const from = pointer(c)
    c.expect(")", "after the place that is loaded")
    checkHalf(c, dst, from.size)
    return b.loadAcquire(from.size, dst.number, from.base, from.off)
  }
  const match = FETCH.exec(word)
  if (match === null) return undefined
  const [, fetched, , , , suffix] = match
  c.expect("(", `after ${word}`)
  const to = suffix === undefined ? pointer(c) : { ...address(c), size: suffix === "_64" ? o.BPF_DW : o.BPF_W }
  checkHalf(c, dst, to.size)
  const compare = word.includes("cmpxchg")
  const start = c.at
  if (compare) {
    c.expect(",", "before r0")
    if (operand(c, to.size) !== 0 || dst.number !== 0) {
      throw c.error("a compare and exchange compares with r0 and gives r0", { from: start })
    }
  }
  c.expect(",", "before the operand")
  const src = operand(c, to.size)
  c.expect(")", "after the operand")
  if (!compare && src !== dst.number) throw c.error("the register on the left receives what was there", { from: start })
  const plain = ATOMIC_NAMES.find(([, , name]) => name === fetched)
  const op = plain !== undefined ? plain[0] | o.BPF_FETCH : compare ? o.BPF_CMPXCHG : o.BPF_XCHG
  return b.atomic(to.size, op, to.base, src, to.off)
}

/** After `lock`: `*(u64 *)(r1 +0) += r2` */
export function atomicOp(c: Cursor): Insn {
  c.expect("*", "after lock")
  const { size, base, off } = unsignedPlace(c)
  const found = ATOMIC_NAMES.find(([, sign]) => c.take(sign))
  if (found === undefined) throw c.error("expected +=, |=, &= or ^=")
  return b.atomic(size, found[0], base, operand(c, size), off)
}
