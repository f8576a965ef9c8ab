import { SkepError } from "../../base/index.ts"
import { isVirtual, type MFunction, type Reg } from "../mir/mir.ts"
import { printMachine } from "../mir/print.ts"
import { colorGraph } from "./color.ts"
import { dropDeadStores } from "./deadStores.ts"
import { Homes } from "./homes.ts"
import { buildInterference, type Interference } from "./interference.ts"
import { computeLiveness, type Liveness } from "./liveness.ts"
import { mergePhiWebs, renameRegisters } from "./phiWebs.ts"
import { exceedsRegisters } from "./pressure.ts"
import { spillExcess } from "./spill.ts"
import { spillRegisters } from "./spillRegister.ts"
import { splitAtCalls } from "./splitAtCalls.ts"
import { splitWebs } from "./splitWebs.ts"

/** Rounds of colouring after which something is wrong; each spills more, so a few are enough. */
const MAX_ROUNDS = 60

/**
 * Gives every virtual register one of r0 to r9 or a home in the frame; `liveness` is that of the code as it comes in.
 *
 *   1. phis and their operands become one variable where they can;
 *   2. where too much is live, what is used last goes home (spill.ts);
 *   3. the rest is coloured, copies are merged (color.ts); what finds no register is first split around calls, then goes home too.
 */
export function allocateRegisters(fn: MFunction, liveness: Liveness): void {
  let live = mergePhiWebs(fn, liveness) ? computeLiveness(fn) : liveness
  const homes = new Homes(fn)
  if (exceedsRegisters(fn, live)) {
    const restored = spillExcess(fn, live, homes)
    live = computeLiveness(fn)
    if (splitWebs(fn, live, restored, homes)) live = computeLiveness(fn)
  }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const graph = buildInterference(fn, live)
    const { colors, uncolored } = colorGraph(graph, homes)
    if (uncolored.length === 0) {
      renameRegisters(fn, r => colors[r])
      dropDeadStores(fn)
      return
    }
    relieve(fn, graph, uncolored, homes)
    live = computeLiveness(fn)
  }
  throw new SkepError({
    code: "CODEGEN_REGALLOC",
    message: `no registers can be found for ${fn.name}: this is a mistake in skep, not in the program`,
    span: fn.ir.span,
    hint: "Please report it with the program's text.",
    log: printMachine(fn),
  })
}

/** Makes room for registers that found none. */
function relieve(fn: MFunction, graph: Interference, uncolored: readonly (readonly Reg[])[], homes: Homes): void {
  const split = new Set<Reg>()
  const spill = new Set<Reg>()
  const alias = new Map<Reg, Reg>()
  for (const group of uncolored) {
    // Copies of one value that have no way back of their own yet become one register, with one home.
    const plain = group.filter(r => !homes.brief.has(r) && !homes.isConstant(r) && homes.slot(r) === undefined)
    for (const r of plain) alias.set(r, plain[0])
    for (const r of group) if (!homes.brief.has(r) && !plain.includes(r)) spill.add(r)
    if (plain.length === 0) continue
    const crosses = plain.some(r => graph.crossed[r] > 0)
    if (crosses && !plain.some(r => homes.split.has(r))) split.add(plain[0])
    else spill.add(plain[0])
  }
  renameRegisters(fn, r => alias.get(r) ?? r)
  if (split.size > 0) {
    splitAtCalls(fn, computeLiveness(fn), split, homes)
    return
  }
  if (spill.size === 0) {
    // Only registers of one instruction are left over: the cheapest neighbour makes room.
    // The colouring forgets neighbours that it is done with.
    const { neighbours } = buildInterference(fn, computeLiveness(fn))
    const near = uncolored.flat().flatMap(r => neighbours[r])
    const able = near.filter(r => isVirtual(r) && !homes.brief.has(r) && graph.cost[r] > 0)
    if (able.length === 0) return
    spill.add(able.reduce((best, r) => (graph.cost[r] < graph.cost[best] ? r : best)))
  }
  spillRegisters(fn, spill, homes)
}
