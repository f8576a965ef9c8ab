import { disassemble, type InsnSymbol, slotStarts } from "../../src/isa/index.ts"
import type { BpfObject, FunctionSpec, Relocation } from "../../src/object/index.ts"

/** The code of an object as llvm-objdump would show it, each function under its name and its number of slots. */
export function listing(object: BpfObject): string {
  return [...object.programs, ...object.functions].map(listFunction).join("\n")
}

export function listFunction(spec: FunctionSpec): string {
  const symbols = new Map(spec.relocations.map(r => [r.insn, symbolOf(r)]))
  const starts = slotStarts(spec.insns)
  const slots = starts[spec.insns.length]
  const code = disassemble(spec.insns, { syntax: "llvm", labels: true, symbol: i => symbols.get(i) })
  const core = spec.core.map(r => `core ${starts[r.insn]}: ${r.kind} ${r.type} ${r.access}\n`)
  return `${spec.name}: ${slots}\n${code}${core.join("")}`
}

function symbolOf(r: Relocation): InsnSymbol {
  switch (r.kind) {
    case "map":
      return { kind: "map", name: r.map }
    case "mapValue":
      return { kind: "mapValue", name: r.map, offset: r.offset }
    case "function":
      return { kind: "function", name: r.function }
    case "call":
      return { kind: "call", name: r.function }
    case "kfunc":
      return { kind: "kfunc", name: r.name }
    case "ksym":
      return { kind: "ksym", name: r.name }
    case "extern":
      return { kind: "extern", name: r.name, offset: r.offset }
  }
}
