import {
  addEdge,
  type Block,
  type IrFunction,
  type Phi,
  removeEdge,
  removeUnreachable,
  replacePred,
  replaceValues,
  reversePostOrder,
  sameValue,
  type Value,
} from "../ir/index.ts"

/**
 * Control flow: removes what cannot be reached, joins blocks that follow each other, skips empty ones, decides branches on constants, and
 * lets a branch that only tests a phi be taken from the predecessors that know its value.
 *
 *     b1: jump b3                           b1: jump b4
 *     b2: jump b3                     →     b2: jump b5
 *     b3: %1 = phi i32 [b1: 1], [b2: 0]
 *         br %1, b4, b5
 */
export function cfg(func: IrFunction): boolean {
  let changed = removeUnreachable(func)
  for (let again = true; again; ) {
    again = false
    for (const block of func.blocks) again = decide(block) || again
    again = thread(func) || again
    again = skipEmpty(func) || again
    again = mergeReturns(func) || again
    again = removeUnreachable(func) || again
    again = join(func) || again
    changed ||= again
  }
  return changed
}

/** A branch on a constant, or with both ways alike, is a jump; so is one to two returns of the same. */
function decide(block: Block): boolean {
  const { term } = block
  if (term.op !== "br") return false
  const [cond] = term.args
  const [then, other] = term.targets
  if (then === other) {
    if (!then.phis.every(phi => samePerEdge(phi, block))) return false
  } else if (cond.kind !== "const" && cond.kind !== "undef" && !endAlike(then, other)) return false
  const taken = cond.kind === "const" && cond.value !== 0n ? 0 : 1
  removeEdge(block, term.targets[1 - taken])
  block.term = { kind: "term", op: "jump", args: [], targets: [term.targets[taken]], span: term.span }
  return true
}

/** Two blocks that do nothing but return, and the same. */
function endAlike(a: Block, b: Block): boolean {
  if (a.term.op !== "ret" || b.term.op !== "ret") return false
  if (a.phis.length + b.phis.length + a.insts.length + b.insts.length > 0) return false
  return a.term.args.length === b.term.args.length && a.term.args.every((v, i) => sameValue(v, b.term.args[i]))
}

function samePerEdge(phi: Phi, from: Block): boolean {
  const values = phi.args.filter((_, i) => phi.incoming[i] === from)
  return values.every(v => sameValue(v, values[0]))
}

/** A block and its only successor, of which it is the only predecessor, become one. */
function join(func: IrFunction): boolean {
  const gone = new Set<Block>()
  const replaced = new Map<Value, Value>()
  for (const block of func.blocks) {
    if (gone.has(block)) continue
    for (;;) {
      const [next] = block.term.targets
      if (block.term.op !== "jump" || next === undefined || next === block || next.preds.length !== 1) break
      if (next === func.blocks[0]) break
      for (const phi of next.phis) replaced.set(phi, phi.args[0])
      for (const inst of next.insts) {
        inst.block = block
        block.insts.push(inst)
      }
      block.term = next.term
      if (next.unroll !== undefined && block.unroll === undefined) block.unroll = next.unroll
      for (const target of new Set<Block>(next.term.targets)) replacePred(target, next, block)
      next.preds = []
      gone.add(next)
    }
  }
  if (gone.size === 0) return false
  func.blocks = func.blocks.filter(b => !gone.has(b))
  replaceValues(func, replaced)
  return true
}

/** Blocks that do nothing but return the same are one. */
function mergeReturns(func: IrFunction): boolean {
  const first = new Map<string, Block>()
  let changed = false
  for (const block of func.blocks) {
    const { term } = block
    if (term.op !== "ret" || block.insts.length > 0 || block.phis.length > 0 || block === func.blocks[0]) continue
    const [value] = term.args
    const key = value === undefined ? "" : value.kind === "const" ? `${value.type} ${value.value}` : nameOf(value)
    const same = first.get(key)
    if (same === undefined) {
      first.set(key, block)
      continue
    }
    for (const pred of new Set(block.preds)) {
      for (let i = 0; i < pred.term.targets.length; i++) {
        if (pred.term.targets[i] !== block) continue
        pred.term.targets[i] = same
        same.preds.push(pred)
        changed = true
      }
    }
    block.preds = []
  }
  return changed
}

const nameOf = (v: Value): string => (v.kind === "param" ? `p${v.index}` : "id" in v ? `%${v.id}` : v.kind)

/** An edge into a block that only jumps on goes straight to where that block goes; its phis become values of the phis there. */
function skipEmpty(func: IrFunction): boolean {
  let changed = false
  let users: Map<Value, Set<unknown>> | undefined
  let order: Map<Block, number> | undefined
  for (const block of func.blocks) {
    if (block === func.blocks[0] || block.insts.length > 0 || block.term.op !== "jump") continue
    const [to] = block.term.targets
    if (to === block || block.unroll !== undefined) continue
    if (block.phis.length > 0) {
      users ??= usersOf(func)
      order ??= new Map(reversePostOrder(func).map((b, i) => [b, i]))
      if (!block.phis.every(phi => onlyPhisOf(to, block, users!.get(phi)))) continue
      // A loop keeps its one way in.
      if (to.preds.some(pred => (order!.get(pred) ?? 0) >= (order!.get(to) ?? 0))) continue
    }
    let skipped = false
    for (const pred of [...new Set(block.preds)]) {
      // Two edges from one block may not bring different values.
      if (to.phis.length > 0 && (to.preds.includes(pred) || pred.term.targets.filter(t => t === block).length > 1))
        continue
      for (let i = 0; i < pred.term.targets.length; i++) {
        if (pred.term.targets[i] !== block) continue
        const values = to.phis.map(phi => {
          const value = phi.args[phi.incoming.indexOf(block)]
          return value.kind === "phi" && value.block === block ? value.args[value.incoming.indexOf(pred)] : value
        })
        pred.term.targets[i] = to
        removeEdge(pred, block)
        addEdge(pred, to, values)
        skipped = true
      }
    }
    // Left at once when nothing leads here any more: a long chain of empty blocks would otherwise gather all of them as predecessors.
    if (block.preds.length === 0) {
      removeEdge(block, to)
      block.term = { kind: "term", op: "unreachable", args: [], targets: [], span: block.term.span }
    }
    if (skipped && block.phis.length > 0) users = undefined
    changed ||= skipped
  }
  return changed
}

/** Whether a value of `from` is used by nothing but the phis of `to`, on that edge. */
function onlyPhisOf(to: Block, from: Block, users: ReadonlySet<unknown> | undefined): boolean {
  for (const user of users ?? []) {
    if (!isPhi(user) || user.block !== to) return false
    if (user.args.some((a, i) => a.kind === "phi" && a.block === from && user.incoming[i] !== from)) return false
  }
  return true
}

/** Jump threading over a block that holds nothing but phis and a branch on one of them (or on its comparison with a constant). */
function thread(func: IrFunction): boolean {
  let users: Map<Value, Set<unknown>> | undefined
  let changed = false
  for (const block of func.blocks) {
    const { term } = block
    if (term.op !== "br" || block.phis.length === 0 || block.insts.length > 0) continue
    const cond = term.args[0]
    if (cond.kind !== "phi" || cond.block !== block) continue
    if (!cond.args.some(a => a.kind === "const")) continue
    users ??= usersOf(func)
    const local = (phi: Phi) =>
      [...(users!.get(phi) ?? [])].every(
        u => u === term || (isPhi(u) && term.targets.includes(u.block) && !usedElsewhere(u, phi, block)),
      )
    if (!block.phis.every(local)) continue
    if (term.targets.includes(block)) continue
    for (const pred of [...new Set(block.preds)]) {
      const value = cond.args[cond.incoming.indexOf(pred)]
      if (value.kind !== "const" || pred.term.targets.filter(t => t === block).length !== 1) continue
      const to = term.targets[value.value !== 0n ? 0 : 1]
      if (to.preds.includes(pred) && to.phis.length > 0) continue
      const values = to.phis.map(phi => {
        const v = phi.args[phi.incoming.indexOf(block)]
        return v.kind === "phi" && v.block === block ? v.args[v.incoming.indexOf(pred)] : v
      })
      removeEdge(pred, block)
      pred.term.targets[pred.term.targets.indexOf(block as never)] = to
      addEdge(pred, to, values)
      changed = true
    }
    if (changed) users = undefined
  }
  return changed
}

const isPhi = (u: unknown): u is Phi => (u as { kind: string }).kind === "phi"

/** Whether a phi takes the value on an edge other than the one from `block`. */
const usedElsewhere = (user: Phi, value: Phi, block: Block) =>
  user.args.some((a, i) => a === value && user.incoming[i] !== block)

function usersOf(func: IrFunction): Map<Value, Set<unknown>> {
  const users = new Map<Value, Set<unknown>>()
  const note = (user: { args: Value[] }) => {
    for (const arg of user.args) {
      if (arg.kind !== "phi") continue
      const set = users.get(arg)
      if (set === undefined) users.set(arg, new Set([user]))
      else set.add(user)
    }
  }
  for (const block of func.blocks) {
    for (const phi of block.phis) note(phi)
    for (const inst of block.insts) note(inst)
    note(block.term)
  }
  return users
}
