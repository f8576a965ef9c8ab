import { removeUnreachable } from "../mir/cfg.ts"
import { type MBlock, type MFunction, makeTerm, rebuildPreds } from "../mir/mir.ts"

/**
 * Tidies the graph after allocation: jumps through empty blocks go where these lead, branches of which both ways are one become jumps, an
 * empty block that cannot be reached is not branched to, and a block with one way in and one way out before it are one block.
 */
export function cleanUp(fn: MFunction): void {
  for (const { term } of fn.blocks) {
    for (let i = 0; i < term.targets.length; i++) term.targets[i] = destination(term.targets[i])
  }
  for (const block of fn.blocks) simplify(block)
  removeUnreachable(fn)
  joinChains(fn)
}

/** Where an empty block leads; an endless loop of empty blocks leads to itself. */
function destination(block: MBlock): MBlock {
  if (block.insts.length > 0 || block.term.kind !== "jump") return block
  const seen = new Set<MBlock>()
  while (block.insts.length === 0 && block.term.kind === "jump" && !seen.has(block)) {
    seen.add(block)
    block = block.term.targets[0]
  }
  return block
}

function simplify(block: MBlock): void {
  const { term } = block
  if (term.kind === "br") {
    const [then, other] = term.targets
    const live = then === other || isNowhere(other) ? then : isNowhere(then) ? other : undefined
    if (live !== undefined) block.term = makeTerm("jump", [live], term.span)
  }
}

const isNowhere = (b: MBlock): boolean => b.insts.length === 0 && b.term.kind === "unreachable"

function joinChains(fn: MFunction): void {
  const gone = new Set<MBlock>()
  for (const block of fn.blocks) {
    if (gone.has(block)) continue
    for (;;) {
      const { term } = block
      const [to] = term.targets
      if (term.kind !== "jump" || to.preds.length !== 1 || to === block || to === fn.blocks[0]) break
      fn.notes?.join(block, to)
      for (const i of to.insts) block.insts.push(i)
      block.term = to.term
      gone.add(to)
    }
  }
  if (gone.size === 0) return
  fn.blocks = fn.blocks.filter(b => !gone.has(b))
  rebuildPreds(fn)
}
