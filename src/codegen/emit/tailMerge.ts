import type { Notes } from "../debug/notes.ts"
import { removeUnreachable } from "../mir/cfg.ts"
import { type MBlock, type MFunction, type MInst, makeTerm, newMBlock, OP_FRAME_ADDR } from "../mir/mir.ts"
import { isCall, isPacketLoad } from "../mir/operands.ts"
import { dependsOnKinds, PointerKinds } from "./pointerKinds.ts"

/** Number of bpf_tail_call. */
const TAIL_CALL = 12

/**
 * Lets blocks that end alike share their end:
 *
 *     b1: r6 = r1; r0 = 0; exit       b1: r6 = r1; goto b3
 *     b2: r7 = 1; r0 = 0; exit        b2: r7 = 1; goto b3      b3: r0 = 0; exit
 *
 * Jumps to an exit become exits first. Calls, and accesses through pointers, are shared where the pointers are of one kind: the kernel's
 * verifier wants that of each of them.
 */
export function mergeTails(fn: MFunction): void {
  // Ends that are shared may make those in front of them the same.
  for (let round = 0; round < MOST_ROUNDS && mergeOnce(fn); round++);
}

const MOST_ROUNDS = 4

function mergeOnce(fn: MFunction): boolean {
  for (const block of fn.blocks) {
    const [to] = block.term.targets
    if (block.term.kind === "jump" && to.insts.length === 0 && to.term.kind === "exit")
      block.term = { ...to.term, targets: [] }
  }
  removeUnreachable(fn)
  const groups = sameWayOn(fn)
  const merger = new Merger(fn, groups)
  for (const group of groups) merger.collapse(group, 0)
  if (!merger.merged) return false
  skipEmpty(fn)
  removeUnreachable(fn)
  return true
}

/** Groups of blocks that go on to the same block, branch alike, or exit alike. */
function sameWayOn(fn: MFunction): MBlock[][] {
  // Most branches are the only one to where they go first, and need no text to be told apart.
  const branches = new Int32Array(fn.nextBlock)
  for (const { term } of fn.blocks) if (term.kind === "br") branches[term.targets[0].id]++
  const groups = new Map<string | number, MBlock[]>()
  for (const block of fn.blocks) {
    const { kind, targets, op, wide, dst, src, imm } = block.term
    if (kind === "unreachable" || (kind === "br" && branches[targets[0].id] === 1)) continue
    // Neither are jumps to a block with no other way in.
    if (kind === "jump" && targets[0].preds.length === 1) continue
    const way =
      kind === "jump"
        ? targets[0].id
        : `${kind} ${dst} ${targets.map(to => to.id).join(" ")} ${kind === "br" ? `${op} ${wide} ${src} ${imm}` : ""}`
    const list = groups.get(way)
    if (list === undefined) groups.set(way, [block])
    else list.push(block)
  }
  return [...groups.values()].filter(g => g.length > 1)
}

class Merger {
  merged = false
  readonly #fn: MFunction
  readonly #entry: MBlock
  readonly #kinds: PointerKinds | undefined
  readonly #keys = new Map<string, number>()
  /** Keys of a block's last instructions, from its end: those with the same one can be shared; -1 for those that cannot. */
  readonly #keysOf = new Map<MBlock, number[]>()
  readonly #inputs = new Map<MBlock, readonly string[]>()

  constructor(fn: MFunction, groups: readonly (readonly MBlock[])[]) {
    this.#fn = fn
    this.#entry = fn.blocks[0]
    const needed = groups.some(blocks => blocks.some(block => block.insts.some(dependsOnKinds)))
    this.#kinds = needed ? new PointerKinds(fn) : undefined
  }

  /**
   * Merges the ends of blocks whose last `depth` instructions are the same already, longest common ends first. Returns the blocks that still
   * have these instructions at their end.
   */
  collapse(blocks: readonly MBlock[], depth: number): MBlock[] {
    let buckets = this.#buckets(blocks, depth)
    while (buckets.length === 1 && buckets[0].length > 1) buckets = this.#buckets(blocks, ++depth)
    const rest = buckets.flatMap(b => (b.length === 1 ? b : this.collapse(b, depth + 1)))
    if (rest.length === 1 || (depth === 0 && rest[0].term.kind !== "exit")) return rest
    if (depth === 0) return this.#shareExit(rest)
    return [this.#share(rest, depth)]
  }

  /** Blocks by the instruction in front of their last `depth` ones; those that end there, or must not share it, are alone. */
  #buckets(blocks: readonly MBlock[], depth: number): MBlock[][] {
    const byKey = new Map<number, MBlock[]>()
    const buckets: MBlock[][] = []
    for (const block of blocks) {
      const key = this.#keyAt(block, depth)
      const list = key < 0 ? undefined : byKey.get(key)
      if (list !== undefined) {
        list.push(block)
        continue
      }
      const bucket = [block]
      buckets.push(bucket)
      if (key >= 0) byKey.set(key, bucket)
    }
    return buckets
  }

  #share(blocks: readonly MBlock[], depth: number): MBlock {
    // Nothing may jump to the entry.
    const whole = blocks.find(b => b.insts.length === depth && b !== this.#entry)
    if (this.#fn.notes !== undefined) shareNotes(this.#fn.notes, whole ?? blocks[0], blocks, depth)
    const tail = whole ?? splitTail(this.#fn, blocks[0], depth)
    for (const block of blocks)
      if (block !== tail && (whole !== undefined || block !== blocks[0])) this.#jumpTo(block, tail, depth)
    this.merged = true
    return tail
  }

  /** An exit with nothing in front of it is that of some other block. */
  #shareExit(blocks: readonly MBlock[]): MBlock[] {
    const empty = blocks.filter(b => b.insts.length === 0 && b !== this.#entry)
    if (empty.length === 0) return [...blocks]
    const [tail] = empty
    for (const block of empty) if (block !== tail) this.#jumpTo(block, tail, 0)
    const other = blocks.findLast(b => b.insts.length > 0)
    if (other !== undefined) {
      // The lines of the end are those of the code in front of it.
      tail.term.span = other.term.span
      this.#jumpTo(other, tail, 0)
    }
    this.merged = true
    return blocks.filter(b => b.term.kind === "exit")
  }

  #jumpTo(block: MBlock, tail: MBlock, depth: number): void {
    block.insts.length -= depth
    block.term = makeTerm("jump", [tail], block.term.span)
  }

  /** The key of the instruction in front of the last `depth` ones; they are asked for in turn. */
  #keyAt(block: MBlock, depth: number): number {
    let keys = this.#keysOf.get(block)
    if (keys === undefined) this.#keysOf.set(block, (keys = []))
    if (depth < keys.length) return keys[depth]
    const at = block.insts.length - 1 - depth
    if (at < 0) return -1
    const i = block.insts[at]
    return (keys[depth] = isShareable(i) ? this.#key(i, this.#inputsOf(block)?.[at] ?? "") : -1)
  }

  #inputsOf(block: MBlock): readonly string[] | undefined {
    let inputs = this.#inputs.get(block)
    if (inputs === undefined && this.#kinds !== undefined) this.#inputs.set(block, (inputs = this.#kinds.inputs(block)))
    return inputs
  }

  #key(i: MInst, inputs: string): number {
    const text = `${keyOf(i)} ${inputs}`
    let key = this.#keys.get(text)
    if (key === undefined) this.#keys.set(text, (key = this.#keys.size))
    return key
  }
}

function shareNotes(notes: Notes, kept: MBlock, blocks: readonly MBlock[], depth: number): void {
  for (let k = 1; k <= depth; k++) {
    const others = blocks.filter(block => block !== kept).map(block => block.insts.at(-k)!)
    notes.share(kept.insts.at(-k)!, others)
  }
}

/** Branches to a block that was emptied go to the shared end at once. */
function skipEmpty(fn: MFunction): void {
  for (const { term } of fn.blocks) {
    for (let i = 0; i < term.targets.length; i++) {
      for (;;) {
        const to = term.targets[i]
        if (to.insts.length > 0 || to.term.kind !== "jump" || to.term.targets[0] === to) break
        term.targets[i] = to.term.targets[0]
      }
    }
  }
}

function splitTail(fn: MFunction, block: MBlock, length: number): MBlock {
  const tail = newMBlock(fn, block.loop)
  tail.insts = block.insts.splice(block.insts.length - length, length)
  tail.term = block.term
  block.term = makeTerm("jump", [tail], tail.term.span)
  fn.blocks.push(tail)
  return tail
}

/** The kernel keeps notes on a call of one of its functions, and on a tail call, that are for one place only. */
function isShareable(i: MInst): boolean {
  if (isCall(i)) return i.sym === undefined ? i.imm !== TAIL_CALL : i.sym.kind !== "kfunc"
  return !isPacketLoad(i)
}

function keyOf(i: MInst): string {
  const sym = i.sym === undefined ? "" : `${i.sym.kind} ${i.sym.name} ${"offset" in i.sym ? i.sym.offset : ""}`
  const core = i.core === undefined ? "" : `${i.core.relocation} ${i.core.btfType} ${i.core.access}`
  // Different locals may have one place in the frame.
  const place = i.slot?.offset ?? 0
  const [off, imm] = i.op === OP_FRAME_ADDR ? [i.off, i.imm + place] : [i.off + place, i.imm]
  return `${i.op} ${i.dst} ${i.src} ${off} ${imm} ${i.imm64} ${i.nargs} ${sym} ${core}`
}
