import { SkepError } from "../base/index.ts"
import { checkFunction, type IrFunction, type Module, printModule } from "../ir/index.ts"
import { cfg } from "./cfg.ts"
import { conditions } from "./conditions.ts"
import { copies } from "./copies.ts"
import { counters } from "./counters.ts"
import { dce } from "./dce.ts"
import { dse } from "./dse.ts"
import { findConstants, foldGlobals } from "./globals.ts"
import { gvn } from "./gvn.ts"
import { hoist } from "./hoist.ts"
import { ifConvert } from "./ifConvert.ts"
import { inlineCalls } from "./inline.ts"
import { licm } from "./licm.ts"
import { mem2reg } from "./mem2reg.ts"
import { offsets } from "./offsets.ts"
import { constantParams, unusedParams } from "./params.ts"
import { promote } from "./promote.ts"
import { sccp } from "./sccp.ts"
import { simplify } from "./simplify.ts"
import { sink } from "./sink.ts"
import { sroa } from "./sroa.ts"
import { steps } from "./steps.ts"
import { stores } from "./stores.ts"
import { thread } from "./thread.ts"
import { unroll } from "./unroll.ts"
import { unshare } from "./unshare.ts"

/** A pass changes one function and says whether it did. */
export interface Pass {
  /** Also the name for `--dump`. */
  readonly name: string
  readonly run: (func: IrFunction) => boolean
}

/** Every pass over a function, by name. */
export const passes = {
  cfg: { name: "cfg", run: cfg },
  unshare: { name: "unshare", run: unshare },
  sroa: { name: "sroa", run: sroa },
  mem2reg: { name: "mem2reg", run: mem2reg },
  sccp: { name: "sccp", run: sccp },
  simplify: { name: "simplify", run: simplify },
  gvn: { name: "gvn", run: gvn },
  conditions: { name: "conditions", run: conditions },
  counters: { name: "counters", run: counters },
  thread: { name: "thread", run: thread },
  hoist: { name: "hoist", run: hoist },
  copies: { name: "copies", run: copies },
  dse: { name: "dse", run: dse },
  dce: { name: "dce", run: dce },
  stores: { name: "stores", run: stores },
  steps: { name: "steps", run: steps },
  promote: { name: "promote", run: promote },
  sink: { name: "sink", run: sink },
  unroll: { name: "unroll", run: unroll },
  ifConvert: { name: "ifConvert", run: ifConvert },
  licm: { name: "licm", run: licm },
  offsets: { name: "offsets", run: offsets },
} satisfies Record<string, Pass>

/** Before inlining: small bodies are cheap to copy. */
const early: readonly Pass[] = [
  passes.cfg,
  passes.unshare,
  passes.sroa,
  passes.mem2reg,
  passes.simplify,
  passes.dce,
  passes.cfg,
]

/** After inlining, until nothing changes (a few rounds at most). */
const late: readonly Pass[] = [
  passes.unshare,
  passes.sroa,
  passes.mem2reg,
  passes.sccp,
  passes.simplify,
  passes.cfg,
  passes.gvn,
  passes.conditions,
  passes.counters,
  passes.thread,
  passes.hoist,
  passes.simplify,
  passes.copies,
  passes.dse,
  passes.dce,
  passes.cfg,
]
const MOST_ROUNDS = 4
/** Instructions that all rounds together look at, about, beyond the first. */
const MOST_VISITS = 40_000

export interface OptimiseOptions {
  /** Runs the validity checker after every pass that changed something; a broken rule is an error that names the pass. */
  readonly check?: boolean
  /** Whether large static functions that are called from many places may stay functions. */
  readonly subprograms?: boolean
  /** Called after each pass with its name and the whole module. */
  readonly onPass?: (pass: string, text: () => string) => void
}

/** The names that `--dump` takes, in the order in which the passes run first. */
export const passNames: readonly string[] = [
  ...new Set([...early, ...late].map(p => p.name)),
  "globals",
  "inline",
  "promote",
  "sink",
  "unroll",
  "ifConvert",
  "licm",
  "offsets",
  "stores",
  "steps",
]

/** Optimises a module in place. */
export function optimise(module: Module, options: OptimiseOptions = {}): void {
  const run = (pass: Pass, func: IrFunction): boolean => {
    const changed = pass.run(func)
    if (changed && options.check) verify(func, pass.name)
    options.onPass?.(pass.name, () => printModule(module))
    return changed
  }
  const round = (list: readonly Pass[], func: IrFunction): boolean => {
    let changed = false
    for (const pass of list) changed = run(pass, func) || changed
    return changed
  }
  findConstants(module)
  const globals = new Map(module.globals.map(g => [g.name, g]))
  const fold: Pass = { name: "globals", run: func => foldGlobals(func, globals) }
  const before = [...early, fold]
  const after = [...late, fold]
  const prepare = (func: IrFunction) => void round(before, func)
  module.functions.forEach(prepare)
  constantParams(module, prepare)
  inlineCalls(module, prepare, options)
  unusedParams(module)
  if (options.check) for (const func of module.functions) verify(func, "inline")
  options.onPass?.("inline", () => printModule(module))
  for (const func of module.functions) {
    settle(func)
    if (run(passes.promote, func)) settle(func)
    if (run(passes.sink, func)) settle(func)
    if (run(passes.unroll, func)) settle(func)
    if (run(passes.ifConvert, func)) settle(func)
    run(passes.licm, func)
    if (run(passes.offsets, func)) settle(func)
    run(passes.stores, func)
    run(passes.steps, func)
  }

  function settle(func: IrFunction): void {
    // Passes that found nothing to do in the function as it is.
    const idle = new Set<Pass>()
    const step = (pass: Pass): boolean => {
      if (idle.has(pass)) return false
      const changed = run(pass, func)
      if (changed) idle.clear()
      else idle.add(pass)
      return changed
    }
    for (let i = 0; i < roundsFor(func) && after.filter(step).length > 0; i++);
  }
}

/** Fewer rounds for large functions: the time is that of the instructions which are looked at. */
function roundsFor(func: IrFunction): number {
  const size = func.blocks.reduce((sum, block) => sum + block.insts.length + 1, 0)
  return Math.max(1, Math.min(MOST_ROUNDS, Math.floor(MOST_VISITS / size)))
}

function verify(func: IrFunction, pass: string): void {
  const [problem] = checkFunction(func)
  if (problem === undefined) return
  throw new SkepError({
    code: "OPT_BROKEN_IR",
    message: `after ${pass}, @${func.name}: ${problem.message}${problem.where === undefined ? "" : ` in: ${problem.where}`}`,
    hint: "this is a fault of skep; please report it with the program",
  })
}
