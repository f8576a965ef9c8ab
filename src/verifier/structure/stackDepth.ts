import type { Code } from "../program.ts"
import { E2BIG, EACCES, EFAULT, Refused } from "../refuse.ts"
import { isPseudoFunc, isSubprogramCall, type Subprogram, subprogramAt } from "./subprograms.ts"

const MAX_STACK = 512
const MAX_FRAMES = 8
/** A tail call keeps the frames before it: 33 of them have to fit. */
const MAX_BEFORE_TAIL_CALL = 256
/** Functions whose frame is at least this large can have it elsewhere (`BPF_PRIV_STACK_MIN_SIZE`). */
const MIN_PRIVATE = 64

/**
 * All functions that can be active at once share 512 bytes of stack. `privateStacks`: large frames of this program's functions are not on it, as
 * the kernel's translator for x86-64 has it for programs that it can tell not to be entered twice (kernel 6.13).
 */
export function checkStackDepth(code: Code, subprograms: readonly Subprogram[], privateStacks: boolean): void {
  const ownStack = privateStacks && !subprograms.some(s => s.hasTailCall)
  for (const subprogram of subprograms) {
    if (subprogram.index === 0 || subprogram.asyncCallback) descend(code, subprograms, subprogram, 0, 0, ownStack)
  }
}

function descend(
  code: Code,
  all: readonly Subprogram[],
  subprogram: Subprogram,
  before: number,
  frame: number,
  ownStack: boolean,
): void {
  if (frame > 0 && subprogram.hasTailCall && before >= MAX_BEFORE_TAIL_CALL) {
    const why = `tail_calls are not allowed when call stack of previous frames is ${before} bytes. Too large`
    throw new Refused(EACCES, why)
  }
  const own = Math.ceil(subprogram.stackDepth / 16) * 16
  let depth = before
  if (ownStack && own >= MIN_PRIVATE) {
    if (own > MAX_STACK) throw new Refused(EACCES, `stack size of subprog ${subprogram.index} is ${own}. Too large`)
  } else {
    depth += own
    if (depth > MAX_STACK) {
      throw new Refused(EACCES, `combined stack size of ${frame + 1} calls is ${depth}. Too large`)
    }
  }
  for (let slot = subprogram.start; slot < subprogram.end; slot++) {
    const call = isSubprogramCall(code, slot)
    if (!call && !isPseudoFunc(code, slot)) continue
    const callee = subprogramAt(all, slot + code.imm[slot] + 1)
    if (callee === undefined) continue
    if (callee.asyncCallback) {
      if (callee.hasTailCall) throw new Refused(EFAULT, "insn has tail_call in async cb")
      if (!call) continue
    }
    if (frame + 1 >= MAX_FRAMES) throw new Refused(E2BIG, `the call stack of ${frame + 1} frames is too deep !`)
    descend(code, all, callee, depth, frame + 1, ownStack)
  }
}
