import * as o from "../../isa/index.ts"
import {
  type FrameSlot,
  type MFunction,
  type MInst,
  type MSymbol,
  type MTerm,
  NO_REG,
  OP_FRAME_ADDR,
  type Reg,
} from "./mir.ts"
import { isAtomic } from "./operands.ts"

const ALU = ["+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "", "%=", "^=", "=", "s>>="]
const JUMP = ["", "==", ">", ">=", "&", "!=", "s>", "s>=", "", "", "<", "<=", "s<", "s<="]
const ATOMIC: Record<number, string> = { [o.BPF_ADD]: "add", [o.BPF_OR]: "or", [o.BPF_AND]: "and", [o.BPF_XOR]: "xor" }

/** A function of machine IR as text, for `--dump`: virtual registers are `v16`, `v17`, … (`w` for their lower halves). */
export function printMachine(fn: MFunction): string {
  let out = `${fn.name}:\n`
  for (const slot of fn.slots) out += `  ${slotName(slot)}: ${slot.size} bytes${place(slot)} ${slot.name}\n`
  for (const block of fn.blocks) {
    out += `b${block.id}:${block.loop === undefined ? "" : ` depth ${block.loop.depth}`}\n`
    for (const inst of block.insts) out += `  ${printInst(inst)}\n`
    out += `  ${printTerm(block.term)}\n`
  }
  return out
}

const place = (slot: FrameSlot) => (slot.offset === 0 ? "" : ` at r10${slot.offset}`)
const slotName = (slot: FrameSlot) => `${slot.kind}${slot.index}`
const reg = (r: Reg, wide = true) => `${r < o.R10 + 1 ? (wide ? "r" : "w") : wide ? "v" : "vw"}${r}`
const signed = (n: number) => (n < 0 ? ` - ${-n}` : ` + ${n}`)

function address(base: Reg, i: MInst): string {
  const slot = i.slot === undefined ? "" : ` + ${slotName(i.slot)}`
  return `*(u${o.sizeBytes(i.op) * 8} *)(${reg(base)}${slot}${signed(i.off)})`
}

function symbol(sym: MSymbol): string {
  return "offset" in sym ? `${sym.name}[0]${signed(sym.offset)}` : sym.name
}

export function printInst(i: MInst): string {
  const text = printPlain(i)
  return i.core === undefined ? text : `${text} ; ${i.core.relocation} ${i.core.btfType} ${i.core.access}`
}

function printPlain(i: MInst): string {
  if (i.op === OP_FRAME_ADDR) return `${reg(i.dst)} = r10 + ${slotName(i.slot!)}${signed(i.imm)}`
  if (i.op === o.OP_LDDW) {
    const value = (BigInt(i.imm64 >>> 0) << 32n) | BigInt(i.imm >>> 0)
    return `${reg(i.dst)} = ${i.sym === undefined ? `0x${value.toString(16)} ll` : symbol(i.sym)}`
  }
  switch (i.op & o.BPF_CLASS_MASK) {
    case o.BPF_LD:
      return `r0 = packet${o.sizeBytes(i.op)}[${i.src === NO_REG ? "" : `${reg(i.src)} + `}${i.imm}]`
    case o.BPF_LDX: {
      const text = address(i.src, i)
      return `${reg(i.dst)} = ${(i.op & o.BPF_MODE_MASK) === o.BPF_MEMSX ? text.replace("u", "s") : text}`
    }
    case o.BPF_ST:
      return `${address(i.dst, i)} = ${i.imm}`
    case o.BPF_STX:
      return isAtomic(i) ? printAtomic(i) : `${address(i.dst, i)} = ${reg(i.src)}`
    case o.BPF_JMP:
      return `call ${i.sym === undefined ? i.imm : symbol(i.sym)}`
    default:
      return printAlu(i)
  }
}

function printAtomic(i: MInst): string {
  const at = address(i.dst, i)
  if (i.imm === o.BPF_LOAD_ACQ) return `${reg(i.dst)} = load_acquire(${address(i.src, i)})`
  if (i.imm === o.BPF_STORE_REL) return `store_release(${at}, ${reg(i.src)})`
  if (i.imm === o.BPF_XCHG) return `${reg(i.src)} = xchg(${at}, ${reg(i.src)})`
  if (i.imm === o.BPF_CMPXCHG) return `r0 = cmpxchg(${at}, r0, ${reg(i.src)})`
  const name = ATOMIC[i.imm & ~o.BPF_FETCH]
  return `${(i.imm & o.BPF_FETCH) !== 0 ? `${reg(i.src)} = fetch_` : ""}${name}(${at}, ${reg(i.src)})`
}

function printAlu(i: MInst): string {
  const wide = (i.op & o.BPF_CLASS_MASK) === o.BPF_ALU64
  const operation = i.op & o.BPF_OP_MASK
  const dst = reg(i.dst, wide)
  if (operation === o.BPF_NEG) return `${dst} = -${dst}`
  if (operation === o.BPF_END) {
    return `${reg(i.dst)} = ${wide ? "bswap" : (i.op & o.BPF_X) !== 0 ? "be" : "le"}${i.imm} ${reg(i.dst)}`
  }
  const source = (i.op & o.BPF_X) !== 0 ? reg(i.src, wide) : `${i.imm}`
  if (operation === o.BPF_MOV && i.imm !== 0 && (i.op & o.BPF_X) !== 0)
    return `${dst} = addr_space_cast(${source}, ${i.imm >>> 16}, ${i.imm & 0xffff})`
  if (operation === o.BPF_MOV && i.off !== 0) return `${dst} = (s${i.off})${source}`
  const sign = ALU[operation >> 4]
  return `${dst} ${i.off === 1 ? "s" : ""}${sign} ${source}`
}

export function printTerm(t: MTerm): string {
  const targets = t.targets.map(b => `b${b.id}`)
  switch (t.kind) {
    case "jump":
      return `goto ${targets[0]}`
    case "exit":
      return "exit"
    case "unreachable":
      return "unreachable"
    case "br": {
      if (t.op === o.BPF_JCOND) return `may_goto ${targets[0]} else ${targets[1]}`
      const right = t.src === NO_REG ? `${t.imm}` : reg(t.src, t.wide)
      return `if ${reg(t.dst, t.wide)} ${JUMP[t.op >> 4]} ${right} goto ${targets[0]} else ${targets[1]}`
    }
  }
}
