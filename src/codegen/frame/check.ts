import { SkepError } from "../../base/index.ts"
import * as o from "../../isa/index.ts"
import { type FrameSlot, type MBlock, type MFunction, type MInst, OP_FRAME_ADDR } from "../mir/mir.ts"
import { printInst, printMachine } from "../mir/print.ts"
import type { Mentions } from "./mentions.ts"

/** Bytes of slots, by `slot.index * 512 + byte`. */
type Bytes = Set<number>

interface State {
  /** Written at some time on some way. */
  readonly written: Bytes
  /** Written, and then overwritten by way of another slot in the same place. */
  readonly lost: Bytes
}

/**
 * Proof that slots which share bytes of the frame do not spoil one another, without looking at how places were found: the code is walked in the
 * order of execution, and no load may find bytes of its slot lost.
 *
 *     *(u64 *)(home 3) = r1             written: home 3
 *     *(u64 *)(argument + 24) = r2      lies in the same place: home 3 is lost
 *     r1 = *(u64 *)(home 3)             wrong
 *
 * What calls do with locals that they are given is taken as writing them all. Throws CODEGEN_REGALLOC.
 */
export function checkFrame(fn: MFunction, mentions: Mentions): void {
  const placed = fn.slots.filter(s => s.offset < 0)
  const sharing = new Map(placed.map(s => [s.index, placed.filter(p => p !== s && overlap(p, s))]))
  if ([...sharing.values()].every(list => list.length === 0)) return
  const states = new Map<number, State>([[fn.blocks[0].id, { written: new Set(), lost: new Set() }]])
  const work: MBlock[] = [fn.blocks[0]]
  for (let block = work.pop(); block !== undefined; block = work.pop()) {
    const known = states.get(block.id)!
    const state: State = { written: new Set(known.written), lost: new Set(known.lost) }
    for (const i of block.insts) step(i, state)
    for (const target of block.term.targets) {
      const next = states.get(target.id)
      if (next === undefined) states.set(target.id, { written: new Set(state.written), lost: new Set(state.lost) })
      else if (!join(next, state)) continue
      if (!work.includes(target)) work.push(target)
    }
  }

  function step(i: MInst, state: State): void {
    const { slot } = i
    const cls = i.op & o.BPF_CLASS_MASK
    const memory = i.op < OP_FRAME_ADDR && (cls === o.BPF_LDX || cls === o.BPF_ST || cls === o.BPF_STX)
    // Any other register is r10 and an index, which may mean each byte of the slot.
    if (slot !== undefined && memory && (cls === o.BPF_LDX ? i.src : i.dst) === o.R10) {
      const end = i.off + o.sizeBytes(i.op)
      if (cls === o.BPF_LDX) {
        for (let b = i.off; b < end; b++) if (state.lost.has(slot.index * o.MAX_BPF_STACK + b)) fail(i)
      } else write(slot, i.off, end, state)
      return
    }
    if (i.op === OP_FRAME_ADDR) return
    for (const s of mentions.get(i.id) ?? []) write(s, 0, s.size, state)
  }

  function write(slot: FrameSlot, from: number, end: number, { written, lost }: State): void {
    for (let b = from; b < end; b++) {
      written.add(slot.index * o.MAX_BPF_STACK + b)
      lost.delete(slot.index * o.MAX_BPF_STACK + b)
      for (const other of sharing.get(slot.index) ?? []) {
        const there = slot.offset + b - other.offset
        const key = other.index * o.MAX_BPF_STACK + there
        if (there >= 0 && there < other.size && written.has(key)) lost.add(key)
      }
    }
  }

  function fail(i: MInst): never {
    throw new SkepError({
      code: "CODEGEN_REGALLOC",
      message: `the frame of ${fn.name} is wrong: ${printInst(i)} finds what another slot left there`,
      why: "This is a mistake in skep, not in the program.",
      hint: "Please report it with the program's text.",
      log: printMachine(fn),
    })
  }
}

const overlap = (a: FrameSlot, b: FrameSlot) => a.offset < b.offset + b.size && b.offset < a.offset + a.size

/** Adds to `into` what `from` has more; true when there was something. */
function join(into: State, from: State): boolean {
  const size = into.written.size + into.lost.size
  for (const b of from.written) into.written.add(b)
  for (const b of from.lost) into.lost.add(b)
  return into.written.size + into.lost.size > size
}
