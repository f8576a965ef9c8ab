import { SkepError } from "../../base/index.ts"
import * as o from "../../isa/index.ts"
import { type FrameSlot, type MBlock, type MFunction, type MInst, OP_FRAME_ADDR } from "../mir/mir.ts"
import { printInst, printMachine } from "../mir/print.ts"
import type { Mentions } from "./mentions.ts"

/** Sets of bytes of slots, a bit each, numbered so that those in one place of the frame stand together. */
interface State {
  /** Written at some time on some way. */
  readonly written: Uint32Array
  /** Written, and then overwritten by way of another slot in the same place. */
  readonly lost: Uint32Array
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
  const { bits, places } = numberBytes(fn.slots)
  if (!places.some(({ slots }) => slots > 1)) return
  const words = places.reduce((end, place) => Math.max(end, place.end), 0)
  const entry: State = { written: new Uint32Array(words), lost: new Uint32Array(words) }
  const states = new Map<number, State>([[fn.blocks[0].id, entry]])
  const work = new Set<MBlock>([fn.blocks[0]])
  for (const block of work) {
    work.delete(block)
    const state = copyOf(states.get(block.id)!)
    for (const i of block.insts) step(i, state)
    for (const target of block.term.targets) {
      const next = states.get(target.id)
      if (next === undefined) states.set(target.id, copyOf(state))
      else if (!join(next, state)) continue
      work.add(target)
    }
  }

  function step(i: MInst, state: State): void {
    const { slot } = i
    const cls = i.op & o.BPF_CLASS_MASK
    const memory = i.op < OP_FRAME_ADDR && (cls === o.BPF_LDX || cls === o.BPF_ST || cls === o.BPF_STX)
    // Any other register is r10 and an index, which may mean each byte of the slot.
    if (slot !== undefined && memory && (cls === o.BPF_LDX ? i.src : i.dst) === o.R10) {
      const end = i.off + o.sizeBytes(i.op)
      if (cls !== o.BPF_LDX) write(slot, i.off, end, state)
      else for (let b = i.off; b < end; b++) if (has(state.lost, bits[slot.index][b])) fail(i)
      return
    }
    if (i.op === OP_FRAME_ADDR) return
    for (const s of mentions.get(i.id) ?? []) write(s, 0, s.size, state)
  }

  function write(slot: FrameSlot, from: number, end: number, { written, lost }: State): void {
    for (let b = from; b < end; b++) {
      const bit = bits[slot.index][b]
      // Beyond the slot, which the verifier or undefined behaviour has to do with.
      if (bit === undefined) continue
      const place = places[-slot.offset - b]
      for (let w = place.begin; w < place.end; w++) lost[w] = written[w]
      lost[bit >> 5] &= ~(1 << (bit & 31))
      written[bit >> 5] |= 1 << (bit & 31)
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

/** Words of a set that hold the bytes of slots which lie in one byte of the frame. */
interface Place {
  readonly begin: number
  readonly end: number
  readonly slots: number
}

/** The bit of each byte of each slot, by the slot's index, and the words of each depth below r10. */
function numberBytes(slots: readonly FrameSlot[]): { bits: number[][]; places: Place[] } {
  const bits: number[][] = slots.map(() => [])
  const places: Place[] = []
  const placed = slots.filter(s => s.offset < 0)
  const depths = placed.reduce((most, s) => Math.max(most, -s.offset), 0)
  let begin = 0
  for (let depth = 0; depth <= depths; depth++) {
    let count = 0
    for (const s of placed) {
      const b = -depth - s.offset
      if (b >= 0 && b < s.size) bits[s.index][b] = begin * 32 + count++
    }
    const end = begin + Math.ceil(count / 32)
    places.push({ begin, end, slots: count })
    begin = end
  }
  return { bits, places }
}

const has = (set: Uint32Array, bit: number): boolean => ((set[bit >> 5] >>> (bit & 31)) & 1) !== 0

const copyOf = ({ written, lost }: State): State => ({ written: written.slice(), lost: lost.slice() })

/** Adds to `into` what `from` has more; true when there was something. */
function join(into: State, from: State): boolean {
  let more = 0
  for (const set of ["written", "lost"] as const) {
    for (let w = 0; w < into[set].length; w++) {
      more |= from[set][w] & ~into[set][w]
      into[set][w] |= from[set][w]
    }
  }
  return more !== 0
}
