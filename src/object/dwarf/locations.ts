import type { DebugPart, VariableLocation } from "../debug.ts"
import { DwarfBytes } from "./bytes.ts"
import { OP } from "./format.ts"

/** Where a variable is, in instructions. */
export interface Location {
  readonly from: number
  readonly to: number
  readonly expression: Uint8Array
}

/** Joins the places of a variable's parts: in each range an expression, with pieces where the variable is in several. */
export function locationsOf(parts: readonly DebugPart[]): Location[] {
  if (parts.length === 1 && parts[0].offset === undefined) {
    return parts[0].locations.map(({ from, to, at }) => ({ from, to, expression: expression(at) }))
  }
  const sorted = parts.filter(part => part.offset !== undefined).sort((a, b) => a.offset! - b.offset!)
  const bounds = new Set(sorted.flatMap(({ locations }) => locations.flatMap(({ from, to }) => [from, to])))
  const edges = [...bounds].sort((a, b) => a - b)
  const found: Location[] = []
  for (let i = 0; i + 1 < edges.length; i++) {
    const [from, to] = [edges[i], edges[i + 1]]
    const bytes = pieces(sorted, from)
    if (bytes !== undefined) found.push({ from, to, expression: bytes })
  }
  return found
}

/** An expression of pieces, those that are nowhere left empty; undefined when all are. */
function pieces(parts: readonly DebugPart[], insn: number): Uint8Array | undefined {
  const out = new DwarfBytes()
  let end = 0
  let known = false
  for (const { offset = 0, size = 0, locations } of parts) {
    const here = locations.find(({ from, to }) => from <= insn && insn < to)
    if (offset < end || here === undefined) continue
    if (offset > end) {
      out.u8(OP.piece)
      out.uleb(offset - end)
    }
    writeExpression(out, here.at)
    out.u8(OP.piece)
    out.uleb(size)
    end = offset + size
    known = true
  }
  return known ? out.encode() : undefined
}

function expression(at: VariableLocation["at"]): Uint8Array {
  const out = new DwarfBytes()
  writeExpression(out, at)
  return out.encode()
}

function writeExpression(out: DwarfBytes, at: VariableLocation["at"]): void {
  if ("register" in at) out.u8(OP.reg0 + at.register)
  else if ("frame" in at) {
    out.u8(OP.fbreg)
    out.sleb(BigInt(at.frame))
  } else {
    out.u8(OP.consts)
    out.sleb(BigInt.asIntN(64, at.constant))
    out.u8(OP.stack_value)
  }
}
