import type { Span } from "../base/index.ts"
import { splitEdge } from "./edit.ts"
import type { Atomic, Block, GlobalAddr, Inst, IrFunction, Module, PtrAdd } from "./ir.ts"
import { i64 } from "./values.ts"

/** Name of the map that counts are in, and of the variable that it is. */
const COVERAGE_MAP = ".bss.coverage"

/** What of a program is counted. */
export interface CountedPlaces {
  readonly places: readonly CountedPlace[]
  /** Name of the array that has the counts in its one element: 8 bytes for each place, in their order. */
  readonly map: string
}

/** A place of the source whose runs are counted. */
export interface CountedPlace {
  /** As messages name it. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** A line's code, in one block; the beginning of a function; or one of the two ways on from a branch. */
  readonly kind: "line" | "function" | "branch"
  /** The function's name. */
  readonly function: string
  /** Number of the branch in its function, from 0. */
  readonly branch: number
  /** The way that it takes: 0 where its condition holds, 1 where not. */
  readonly way: 0 | 1
}

const BPF_F_MMAPABLE = 1 << 10

/**
 * Makes a program count how often its lines, functions and branches run, before it is optimised: what stands on a line of its own is counted on its
 * own, whatever becomes of its code. Functions that nothing calls are left out, as is the text of skep's own headers.
 *
 *     b0:                              b0:
 *       br %1, b1, b2     (line 3)  ⇒    %2 = globaladdr @.bss.coverage
 *                                        atomic add 8 %2, 1              ; line 3
 *                                        br %1, b3, b4                   ; b3 and b4 count the ways, and go on to b1 and b2
 */
export function countPlaces(module: Module): CountedPlaces {
  const places: CountedPlace[] = []
  for (const func of module.functions) {
    if (func.naked || func.span.file.system || !isUsed(module, func)) continue
    countFunction(func, places)
  }
  const name = COVERAGE_MAP
  const size = 8 * places.length
  if (size === 0) return { places, map: name }
  module.globals.push({
    name,
    section: name,
    size,
    align: 8,
    init: undefined,
    offset: 0,
    constant: false,
    internal: true,
  })
  const data = new Uint8Array(size)
  const layout = { keySize: 4, valueSize: size, maxEntries: 1, keyType: 0, valueType: 0, align: 8 }
  module.maps = [...module.maps, { name, type: "array", flags: BPF_F_MMAPABLE, data, ...layout }]
  return { places, map: name }
}

/** A static function that is never called, and whose address nobody takes, has no code. */
function isUsed(module: Module, { name, role }: IrFunction): boolean {
  if (role !== "static") return true
  const uses = (inst: Inst): boolean =>
    inst.op === "call"
      ? inst.callee.kind === "function" && inst.callee.name === name
      : inst.op === "funcaddr" && inst.func === name
  return module.functions.some(func => func.blocks.some(({ insts }) => insts.some(uses)))
}

function countFunction(func: IrFunction, places: CountedPlace[]): void {
  let branches = 0
  const at = (span: Span, kind: CountedPlace["kind"], way: 0 | 1 = 0): CountedPlace => {
    const { name: file, line } = span.file.presumed(span.start)
    return { file, line, kind, function: func.name, branch: kind === "branch" ? branches : 0, way }
  }
  const counter = (block: Block, place: CountedPlace, span: Span): Inst[] =>
    countOnce(func, block, 8 * (places.push(place) - 1), span)

  for (const block of [...func.blocks]) {
    const out: Inst[] = []
    let last = ""
    const reach = (span: Span | undefined): void => {
      if (span === undefined || span.file.system) return
      const place = at(span, "line")
      const here = `${place.file}:${place.line}`
      if (here !== last) out.push(...counter(block, place, span))
      last = here
    }
    const first = block.insts.findIndex(inst => inst.op !== "alloca")
    const body = first < 0 ? block.insts.length : first
    out.push(...block.insts.slice(0, body))
    if (block === func.blocks[0]) out.push(...counter(block, at(func.span, "function"), func.span))
    for (const inst of block.insts.slice(body)) {
      // Outputs stay behind their assembler text.
      if (inst.op !== "asmout") reach(inst.span)
      out.push(inst)
    }
    reach(block.term.span)
    block.insts = out
    const { op, span, targets } = block.term
    if (op !== "br" || span === undefined || span.file.system || targets[0] === targets[1]) continue
    for (const way of [0, 1] as const) {
      const edge = splitEdge(func, block, way)
      edge.insts = counter(edge, at(span, "branch", way), span)
    }
    branches++
  }
}

/** Adds one to the count at an offset. */
function countOnce(func: IrFunction, block: Block, offset: number, span: Span): Inst[] {
  const base = { kind: "inst", block, span } as const
  const address: GlobalAddr = {
    ...base,
    op: "globaladdr",
    id: func.nextId++,
    type: "ptr",
    args: [],
    global: COVERAGE_MAP,
  }
  const count: PtrAdd = { ...base, op: "ptradd", id: func.nextId++, type: "ptr", args: [address, i64(offset)] }
  const add: Atomic = {
    ...base,
    op: "atomic",
    atomic: "add",
    width: 8,
    id: func.nextId++,
    type: "i64",
    args: [count, i64(1)],
  }
  return [address, count, add]
}
