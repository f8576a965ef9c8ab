import { type Assembled, type DisasmOptions, disassemble, type InsnSymbol } from "../isa/index.ts"
import type { BpfObject, FunctionSpec, Relocation, SourceLine } from "./object.ts"

/** The names that an assembler found, as relocations. */
export function relocationsOf(symbols: Assembled["symbols"]): Relocation[] {
  return [...symbols].map(([insn, { kind, name, offset = 0 }]): Relocation => {
    switch (kind) {
      case "map":
        return { kind, insn, map: name }
      case "mapValue":
        return { kind, insn, map: name, offset }
      case "kfunc":
        return { kind, insn, name }
      case "ksym":
        return { kind, insn, name, typed: true, weak: false }
      case "extern":
        return { kind, insn, name, offset }
      default:
        return { kind, insn, function: name }
    }
  })
}

function symbolOf(relocation: Relocation): InsnSymbol {
  switch (relocation.kind) {
    case "map":
      return { kind: "map", name: relocation.map }
    case "mapValue":
      return { kind: "mapValue", name: relocation.map, offset: relocation.offset }
    case "kfunc":
    case "ksym":
      return { kind: relocation.kind, name: relocation.name }
    case "extern":
      return { kind: "extern", name: relocation.name, offset: relocation.offset }
    default:
      return { kind: relocation.kind, name: relocation.function }
  }
}

/** A function as assembler text, with names where it has relocations. `assembleUnit` reads it back. */
export function disassembleFunction(fn: FunctionSpec, options: Omit<DisasmOptions, "symbol"> = {}): string {
  const symbols = new Map(fn.relocations.map(relocation => [relocation.insn, symbolOf(relocation)]))
  return disassemble(fn.insns, { ...options, symbol: index => symbols.get(index) })
}

/**
 * All programs and subprograms of an object as text: the section and the name, then the instructions with the lines of
 * source they come from above them.
 */
export function disassembleObject(object: BpfObject, options: Omit<DisasmOptions, "symbol"> = {}): string {
  const parts: string[] = []
  for (const fn of [...object.programs, ...object.functions]) {
    const section = "section" in fn ? `; section ${fn.section}\n` : ""
    const above = new Map(fn.lineInfo.map(({ insn, line }) => [insn, lineText(object.lines[line])]))
    const text = disassembleFunction(fn, { ...options, comment: index => above.get(index) })
    parts.push(`${section}${fn.name}:\n${text}`)
  }
  return parts.join("\n")
}

const lineText = (line: SourceLine | undefined): string | undefined =>
  line === undefined ? undefined : `${line.text.trim()} @ ${line.file}:${line.line}`
