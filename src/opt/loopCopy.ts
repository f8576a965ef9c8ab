import {
  type Block,
  type Inst,
  type IrFunction,
  type Loop,
  newBlock,
  type Phi,
  type Terminator,
  type Value,
} from "../ir/index.ts"

/** A copy of a loop's blocks. */
interface Copy {
  readonly blocks: ReadonlyMap<Block, Block>
  readonly map: (v: Value) => Value
}

/**
 * Copies the blocks of a loop, `members` in the order of the function. In the copy the header has no phis: `start` gives their values. Ways
 * back lead to the old header, ways out to where they led; the copies are not in the function's list yet.
 */
function copyBlocks(func: IrFunction, loop: Loop, members: readonly Block[], start: (phi: Phi) => Value): Copy {
  const { header } = loop
  const values = new Map<Value, Value>()
  const blocks = new Map<Block, Block>()
  for (const block of members) blocks.set(block, newBlock(func))
  for (const block of members) {
    const copy = blocks.get(block)!
    if (block === header) for (const phi of block.phis) values.set(phi, start(phi))
    else {
      copy.phis = block.phis.map((phi): Phi => {
        const incoming = phi.incoming.map(b => blocks.get(b)!)
        const made = { ...phi, id: func.nextId++, block: copy, incoming, args: [...phi.args] }
        values.set(phi, made)
        return made
      })
    }
    copy.insts = block.insts.map((inst): Inst => {
      const made = { ...inst, id: func.nextId++, block: copy, args: [...inst.args] }
      values.set(inst, made)
      return made
    })
  }
  const map = (v: Value): Value => values.get(v) ?? v
  for (const block of members) {
    const copy = blocks.get(block)!
    for (const phi of copy.phis) phi.args = phi.args.map(map)
    for (const inst of copy.insts) inst.args = inst.args.map(map)
    const { term } = block
    const targets = term.targets.map(t => (t === header ? header : (blocks.get(t) ?? t)))
    copy.term = { ...term, args: term.args.map(map), targets } as Terminator
    if (block !== header) copy.preds = block.preds.map(b => blocks.get(b)!)
    for (const t of term.targets) {
      if (loop.blocks.has(t)) continue
      t.preds.push(copy)
      for (const phi of t.phis) {
        phi.incoming.push(copy)
        phi.args.push(map(phi.args[phi.incoming.indexOf(block)]))
      }
    }
  }
  return { blocks, map }
}

/** Copies one round of a loop in front of it. Gives the new blocks, which belong in front of the header. */
export function peel(func: IrFunction, loop: Loop, members: readonly Block[]): Block[] {
  const { header } = loop
  const entry = header.preds.find(p => !loop.blocks.has(p))!
  const { blocks, map } = copyBlocks(func, loop, members, phi => phi.args[phi.incoming.indexOf(entry)])
  // The way in leads to the copy; from the copy's latches it goes on to the loop.
  const first = blocks.get(header)!
  retarget(entry, header, first)
  first.preds = [entry]
  const latches = header.preds.filter(p => loop.blocks.has(p))
  const copied = latches.map(l => blocks.get(l)!)
  for (const phi of header.phis) {
    const back = latches.map(l => phi.args[phi.incoming.indexOf(l)])
    phi.incoming = [...copied, ...latches]
    phi.args = [...back.map(map), ...back]
  }
  header.preds = [...copied, ...latches]
  const made = members.map(b => blocks.get(b)!)
  if (latches.length > 1) made.push(gather(func, header, copied))
  return made
}

/**
 * Makes a loop do `count` rounds one after the other before it goes back. `last` is the round, of those, that may leave by the branch of `exit`;
 * the others surely stay. Gives the new blocks, which belong behind the loop's.
 */
export function repeatBody(
  func: IrFunction,
  loop: Loop,
  inside: readonly Block[],
  count: number,
  exit: Block,
  last: number,
): Block[] {
  const { header } = loop
  const members = [...inside]
  const latches = header.preds.filter(p => loop.blocks.has(p))
  const made: Block[] = []
  let latch = latches[0]
  if (latches.length > 1) {
    latch = gather(func, header, latches)
    made.push(latch)
    members.push(latch)
  }
  const around: Loop = { ...loop, blocks: new Set(members), latches: [latch] }
  const rounds: Map<Block, Block>[] = [new Map(members.map(b => [b, b]))]
  const backOf = (phi: Phi): Value => phi.args[phi.incoming.indexOf(latch)]
  let map = (v: Value): Value => v
  for (let i = 1; i < count; i++) {
    const before = map
    const copy = copyBlocks(func, around, members, phi => before(backOf(phi)))
    rounds.push(new Map(copy.blocks))
    map = copy.map
    for (const block of members) made.push(copy.blocks.get(block)!)
  }
  // Each round goes on to the next one, the last one back to the header.
  const values = header.phis.map(phi => map(backOf(phi)))
  for (let i = 0; i + 1 < count; i++) {
    const from = rounds[i].get(latch)!
    const to = rounds[i + 1].get(header)!
    retarget(from, header, to)
    to.preds = [from]
  }
  const end = rounds[count - 1].get(latch)!
  header.preds = header.preds.map(p => (p === latch ? end : p))
  header.phis.forEach((phi, i) => {
    const at = phi.incoming.indexOf(latch)
    phi.incoming[at] = end
    phi.args[at] = values[i]
  })
  for (let i = 0; i < count; i++)
    if (i !== last) stay(rounds[i].get(exit)!, new Set(rounds.flatMap(r => [...r.values()])))
  return made
}

/** Makes the branch of a block that has a way out of the loop take the other one. */
function stay(block: Block, inside: ReadonlySet<Block>): void {
  const { term } = block
  if (term.op !== "br") return
  const out = inside.has(term.targets[0]) ? 1 : 0
  const gone = term.targets[out]
  if (inside.has(gone)) return
  gone.preds.splice(gone.preds.indexOf(block), 1)
  for (const phi of gone.phis) {
    const at = phi.incoming.indexOf(block)
    phi.incoming.splice(at, 1)
    phi.args.splice(at, 1)
  }
  block.term = { kind: "term", op: "jump", args: [], targets: [term.targets[1 - out]], span: term.span }
}

function retarget(block: Block, from: Block, to: Block): void {
  for (let i = 0; i < block.term.targets.length; i++) if (block.term.targets[i] === from) block.term.targets[i] = to
}

/** Leads several edges into a header through a new block, so that a loop keeps a single way in, or back. */
export function gather(func: IrFunction, header: Block, preds: readonly Block[]): Block {
  const middle = newBlock(func)
  middle.term = { kind: "term", op: "jump", args: [], targets: [header], span: header.term.span }
  const gathered = new Set(preds)
  middle.preds = header.preds.filter(p => gathered.has(p))
  for (const phi of header.phis) {
    const part = (inside: boolean): number[] =>
      phi.incoming.map((_, i) => i).filter(i => gathered.has(phi.incoming[i]) === inside)
    const at = part(true)
    const made: Phi = {
      kind: "phi",
      id: func.nextId++,
      type: phi.type,
      block: middle,
      incoming: at.map(i => phi.incoming[i]),
      args: at.map(i => phi.args[i]),
    }
    middle.phis.push(made)
    const keep = part(false)
    phi.args = [made, ...keep.map(i => phi.args[i])]
    phi.incoming = [middle, ...keep.map(i => phi.incoming[i])]
  }
  header.preds = [middle, ...header.preds.filter(p => !gathered.has(p))]
  for (const pred of preds) retarget(pred, header, middle)
  return middle
}
