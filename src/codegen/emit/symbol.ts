import * as o from "../../isa/index.ts"
import type { Relocation } from "../../object/index.ts"
import type { MSymbol } from "../mir/mir.ts"

/** The relocation of instruction `insn`, which names a symbol. */
export function relocationOf(sym: MSymbol, insn: number): Relocation {
  switch (sym.kind) {
    case "map":
      return { kind: "map", insn, map: sym.name }
    case "mapValue":
      return { kind: "mapValue", insn, map: sym.name, offset: sym.offset }
    case "function":
      return { kind: "function", insn, function: sym.name }
    case "call":
      return { kind: "call", insn, function: sym.name }
    case "kfunc":
      return { kind: "kfunc", insn, name: sym.name, ...(sym.weak && { weak: true }) }
    case "extern":
      return { kind: "extern", insn, name: sym.name, offset: sym.offset }
    case "ksym":
      return { kind: "ksym", insn, name: sym.name, typed: sym.typed, weak: sym.weak }
  }
}

/** What the instruction has as its source register. */
export function pseudoSource(sym: MSymbol): number {
  switch (sym.kind) {
    case "map":
      return o.BPF_PSEUDO_MAP_FD
    case "mapValue":
      return o.BPF_PSEUDO_MAP_VALUE
    case "function":
      return o.BPF_PSEUDO_FUNC
    case "call":
      return o.BPF_PSEUDO_CALL
    case "kfunc":
      return o.BPF_PSEUDO_KFUNC_CALL
    case "extern":
      return 0
    case "ksym":
      return sym.typed ? o.BPF_PSEUDO_BTF_ID : 0
  }
}
