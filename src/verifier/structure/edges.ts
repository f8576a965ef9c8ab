import * as o from "../../isa/index.ts"
import type { Code } from "../program.ts"
import { isPacketLoad, isTailCall, jumpOffset, type Subprogram } from "./subprograms.ts"

/**
 * Where control goes inside of a function after an instruction: none, one or two slots, the branch last. A call goes on
 * behind it.
 */
export function successors(code: Code, slot: number): readonly number[] {
  const op = code.op[slot]
  const kind = op & o.BPF_CLASS_MASK
  if (kind !== o.BPF_JMP && kind !== o.BPF_JMP32) return [slot + (op === o.OP_LDDW ? 2 : 1)]
  switch (op & o.BPF_OP_MASK) {
    case o.BPF_EXIT:
      return []
    case o.BPF_CALL:
      return [slot + 1]
    case o.BPF_JA:
      return [slot + jumpOffset(code, slot) + 1]
    default:
      return code.off[slot] === 0 ? [slot + 1] : [slot + 1, slot + code.off[slot] + 1]
  }
}

/** An instruction that may end its function: a tail call, a load of classic BPF from behind the packet. */
const mayReturn = (code: Code, slot: number): boolean => isTailCall(code, slot) || isPacketLoad(code, slot)

/** The instructions of a function in an order in which those that follow come first, as far as loops allow, and the edges between them. */
export class FunctionFlow {
  readonly start: number
  /** Slot after the last. */
  readonly end: number
  /** Slots in that order. */
  readonly order: Int32Array
  /** By slot, from the start: the place in the order; -1 for none. */
  readonly placeOf: Int32Array
  /** By place: the places of the instructions that may follow, two each; -1 for none. */
  readonly next: Int32Array
  /** Places of those that may come before: those of place `p` are from `before[p]` to `before[p + 1]` in `previous`. */
  readonly before: Int32Array
  readonly previous: Int32Array

  constructor(code: Code, { start, end, exit }: Subprogram) {
    const followers = (slot: number): readonly number[] =>
      exit >= 0 && mayReturn(code, slot) ? [slot + 1, exit] : successors(code, slot)
    this.start = start
    this.end = end
    this.order = postOrder(followers, start, end)
    const count = this.order.length
    this.placeOf = new Int32Array(end - start).fill(-1)
    for (let place = 0; place < count; place++) this.placeOf[this.order[place] - start] = place
    this.next = new Int32Array(2 * count).fill(-1)
    this.before = new Int32Array(count + 1)
    for (let place = 0; place < count; place++) {
      const targets = followers(this.order[place])
      for (let edge = 0; edge < targets.length; edge++) {
        const target = this.placeOf[targets[edge] - start]
        this.next[2 * place + edge] = target
        this.before[target + 1]++
      }
    }
    for (let place = 0; place < count; place++) this.before[place + 1] += this.before[place]
    const free = this.before.slice()
    this.previous = new Int32Array(this.before[count])
    for (let i = 0; i < 2 * count; i++) if (this.next[i] >= 0) this.previous[free[this.next[i]]++] = i >> 1
  }
}

/** All followers of an instruction wait together, the last one goes first: the order in which the kernel goes over a function. */
function postOrder(followers: (slot: number) => readonly number[], start: number, end: number): Int32Array {
  const order = new Int32Array(end - start)
  let count = 0
  const explored = new Uint8Array(end - start)
  const discovered = new Uint8Array(end - start)
  const path = [start]
  while (path.length > 0) {
    const slot = path[path.length - 1]
    discovered[slot - start] = 1
    if (explored[slot - start]) {
      order[count++] = slot
      path.pop()
      continue
    }
    explored[slot - start] = 1
    for (const target of followers(slot)) {
      if (discovered[target - start]) continue
      discovered[target - start] = 1
      path.push(target)
    }
  }
  return order.slice(0, count)
}
