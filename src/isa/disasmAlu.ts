import type { Insn } from "./insn.ts"
import * as o from "./opcodes.ts"
import { ALU_SIGNS } from "./syntax.ts"

/** An arithmetic instruction as text, the same in both syntaxes; `r` is the letter of its registers. */
export function formatAlu(insn: Insn, r: "w" | "r"): string {
  const { op, dst, src, off, imm } = insn
  const operation = op & o.BPF_OP_MASK
  if (operation === o.BPF_NEG) return `${r}${dst} = -${r}${dst}`
  if (operation === o.BPF_END) {
    const way = r === "r" ? "bswap" : (op & o.BPF_SRC_MASK) === o.BPF_TO_BE ? "be" : "le"
    return `r${dst} = ${way}${imm} r${dst}`
  }
  const division = operation === o.BPF_DIV || operation === o.BPF_MOD
  const sign = `${division && off === 1 ? "s" : ""}${ALU_SIGNS[operation >> 4]}`
  if ((op & o.BPF_SRC_MASK) === o.BPF_K) return `${r}${dst} ${sign} ${imm}`
  if (operation !== o.BPF_MOV || off === 0) return `${r}${dst} ${sign} ${r}${src}`
  if (off === o.BPF_ADDR_SPACE_CAST) return `r${dst} = addr_space_cast(r${src}, ${imm >>> 16}, ${imm & 0xffff})`
  return `${r}${dst} = (s${off})${r}${src}`
}
