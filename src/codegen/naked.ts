import { assembleAsm, type IrFunction } from "../ir/index.ts"
import * as o from "../isa/index.ts"
import type { FunctionSpec, LineInfo, Relocation } from "../object/index.ts"
import type { LineTable } from "./emit/lines.ts"
import { pseudoSource, relocationOf } from "./emit/symbol.ts"
import { addressSymbol, asmError } from "./isel/asm.ts"
import type { SelectContext } from "./isel/selector.ts"
import type { MSymbol } from "./mir/mir.ts"

/** The code of a naked function: its assembler text as it stands. */
export function generateNaked(
  ir: IrFunction,
  context: SelectContext,
  lines: LineTable,
): Pick<FunctionSpec, "insns" | "relocations" | "core" | "lineInfo"> {
  const insns: o.Insn[] = []
  const relocations: Relocation[] = []
  const lineInfo: LineInfo[] = []
  for (const asm of ir.blocks.flatMap(b => b.insts)) {
    if (asm.op !== "asm") continue
    const found = lines.find(asm.span ?? ir.span)
    if (found !== undefined) lineInfo.push({ insn: insns.length, ...found })
    const code = assembleAsm(asm, () => {
      throw asmError(asm, "needs a constant")
    })
    code.insns.forEach((insn, i) => {
      if (insn.dst > o.R10 || (insn.src > o.R10 && insn.op !== o.OP_CALL))
        throw asmError(asm, "has operands in registers")
      const name = code.symbols.get(i)
      const symbol = name && asm.symbols.find(s => s.name === name.name)
      if (symbol === undefined) {
        insns.push(insn)
        return
      }
      const sym: MSymbol =
        insn.op !== o.OP_CALL
          ? addressSymbol(context, symbol, name?.offset ?? 0)
          : symbol.kind === "kfunc"
            ? { kind: "kfunc", name: symbol.name }
            : { kind: "call", name: symbol.name }
      relocations.push(relocationOf(sym, insns.length))
      insns.push({ ...insn, src: pseudoSource(sym), imm: 0 })
    })
  }
  return { insns, relocations, core: [], lineInfo }
}
