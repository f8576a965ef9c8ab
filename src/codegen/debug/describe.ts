import type { InlineSite, Span } from "../../base/index.ts"
import type { LocalVariable, VariablePart } from "../../ir/index.ts"
import type { DebugVariable, FunctionDebug, InsnRange, VariableLocation } from "../../object/index.ts"
import type { MBlock, MFunction, MInst } from "../mir/mir.ts"
import type { PlaceTable } from "./places.ts"
import { Registers } from "./registers.ts"
import { ScopeTree } from "./scopes.ts"

/** Where the assembler put a function's instructions. */
export interface CodeMap {
  readonly order: readonly MBlock[]
  /** Index of the first instruction of a block, and of the one behind the block. */
  readonly starts: ReadonlyMap<MBlock, number>
  readonly ends: ReadonlyMap<MBlock, number>
  /** Index behind an instruction. */
  readonly behind: ReadonlyMap<MInst, number>
  /** Where each instruction comes from. */
  readonly spans: readonly (Span | undefined)[]
}

/** A variable in one place of inlining, and what is known of its parts. */
interface Found {
  readonly variable: LocalVariable
  readonly inlined: InlineSite | undefined
  readonly parts: { readonly part: VariablePart; readonly locations: readonly VariableLocation[] }[]
}

/** What debug information says of a function: its scopes, and in them the variables with their places. */
export function describeFunction(fn: MFunction, code: CodeMap, places: PlaceTable): FunctionDebug {
  const count = code.spans.length
  const whole: InsnRange = { from: 0, to: count }
  const found = new Map<InlineSite | undefined, Map<LocalVariable, Found>>()
  const add = (part: VariablePart, locations: readonly VariableLocation[]): void => {
    const { variable, inlined } = part
    let ofSite = found.get(inlined)
    if (ofSite === undefined) found.set(inlined, (ofSite = new Map()))
    let entry = ofSite.get(variable)
    if (entry === undefined) ofSite.set(variable, (entry = { variable, inlined, parts: [] }))
    entry.parts.push({ part, locations })
  }
  const inRegisters = registerRanges(fn, code)
  for (const [part, locations] of inRegisters) add(part, locations)
  for (const { variable, offset } of fn.slots) {
    if (variable !== undefined && offset !== 0) add(variable, [{ ...whole, at: { frame: offset } }])
  }
  for (const [part, value] of singleConstants(fn)) {
    if (!inRegisters.has(part)) add(part, [{ ...whole, at: { constant: value } }])
  }
  const tree = new ScopeTree(places)
  for (const variables of found.values()) {
    for (const { variable, inlined, parts } of variables.values()) {
      const { name, span, param, typeId, size } = variable
      const made: DebugVariable = {
        name,
        type: typeId(),
        place: places.of(span),
        ...(param !== undefined && { param }),
        parts: parts.map(({ part, locations }) => ({
          ...(part.size !== size && { offset: part.offset, size: part.size }),
          locations,
        })),
      }
      tree.variable(inlined, variable.scope, made)
    }
  }
  return { place: places.of(fn.ir.span), scope: tree.finish(code.spans) }
}

/** Variables that are assigned once, a constant. */
function singleConstants(fn: MFunction): Map<VariablePart, bigint> {
  const values = new Map<VariablePart, bigint | undefined>()
  for (const { part, value } of fn.ir.debug!.constants) {
    if (part.stores !== 1) continue
    const known = values.get(part)
    values.set(part, !values.has(part) || known === value.value ? value.value : undefined)
  }
  return new Map([...values].filter((entry): entry is [VariablePart, bigint] => entry[1] !== undefined))
}

/** Ranges of instructions in which parts of variables are in registers and homes. */
function registerRanges(fn: MFunction, code: CodeMap): Map<VariablePart, VariableLocation[]> {
  const ranges = new Map<VariablePart, VariableLocation[]>()
  const { notes } = fn
  if (notes === undefined) return ranges
  for (const list of [...notes.entry.values(), ...notes.after.values()]) {
    for (const { part } of list) ranges.set(part, [])
  }
  if (ranges.size === 0) return ranges
  const registers = new Registers(fn, notes, code.order)
  const open = new Map<VariablePart, { readonly bit: number; readonly from: number }>()
  const close = (part: VariablePart, to: number): void => {
    const { bit, from } = open.get(part)!
    open.delete(part)
    if (from === to) return
    const list = ranges.get(part)!
    const last = list.at(-1)
    const at = registers.place(bit)
    if (last !== undefined && last.to === from && JSON.stringify(last.at) === JSON.stringify(at))
      list[list.length - 1] = { from: last.from, to, at }
    else list.push({ from, to, at })
  }
  for (const block of code.order) {
    registers.walk(block, (at, known) => {
      const here = at < 0 ? code.starts.get(block)! : code.behind.get(block.insts[at])!
      for (const [part, { bit }] of open) if ((((known.get(part) ?? 0) >> bit) & 1) === 0) close(part, here)
      for (const [part, set] of known)
        if (!open.has(part)) open.set(part, { bit: 31 - Math.clz32(set & -set), from: here })
    })
    for (const part of [...open.keys()]) close(part, code.ends.get(block)!)
  }
  return ranges
}
