import * as o from "../../isa/index.ts"
import { postOrder } from "../mir/cfg.ts"
import { type MBlock, type MFunction, type MInst, makeInst, NO_REG, OP_FRAME_ADDR, type Reg } from "../mir/mir.ts"
import { clobbers, definedReg, isConstantLike, isCopy, OP_COPY, OP_MOV_IMM } from "../mir/operands.ts"

/**
 * What the registers and the homes in the frame hold, as numbers: two places with one number hold the same. Where ways meet, what they agree on
 * holds; a branch on equality with a constant tells the register on its equal side.
 */
class Contents {
  readonly registers: number[]
  readonly homes: Map<number, number>

  constructor(from?: Contents) {
    this.registers = from === undefined ? [] : [...from.registers]
    this.homes = new Map(from?.homes)
  }
}

/** A rule looks at an instruction and what is known in front of it; it gives what to put there: nothing, or another instruction. */
type Rule = (i: MInst, known: Contents, numbers: Numbers) => MInst | "drop" | undefined

const rules: readonly Rule[] = [dropKnownValue, reuseRegister, dropKnownStore]

/** Applies the rules above to all instructions, in an order in which predecessors come first. */
export function peephole(fn: MFunction): void {
  const numbers = new Numbers()
  const after = new Map<MBlock, Contents>()
  for (const block of postOrder(fn).reverse()) {
    const known = contentsBefore(block, after)
    if (block.preds.length === 1) learnFromBranch(block.preds[0], block, known, numbers)
    const out: MInst[] = []
    for (const i of block.insts) {
      const now = apply(i, known, numbers)
      if (now === undefined) {
        fn.notes?.drop(block, i, out.at(-1))
        continue
      }
      out.push(now)
      numbers.record(now, known)
    }
    block.insts = out
    after.set(block, known)
  }
}

/** What all blocks in front of a block agree on; nothing where one of them comes later, around a loop. */
function contentsBefore({ preds }: MBlock, after: ReadonlyMap<MBlock, Contents>): Contents {
  const first = preds.length === 0 ? undefined : after.get(preds[0])
  if (first === undefined || !preds.every(pred => after.has(pred))) return new Contents()
  const known = new Contents(first)
  for (let p = 1; p < preds.length; p++) {
    const { registers, homes } = after.get(preds[p])!
    known.registers.forEach((value, r) => {
      if (registers[r] !== value) delete known.registers[r]
    })
    for (const [home, value] of known.homes) if (homes.get(home) !== value) known.homes.delete(home)
  }
  return known
}

function apply(i: MInst, known: Contents, numbers: Numbers): MInst | undefined {
  for (const rule of rules) {
    const result = rule(i, known, numbers)
    if (result === "drop") return undefined
    if (result !== undefined) return result
  }
  return i
}

/** `r1 = 7` where r1 is 7, `r1 = r2` where they are the same, `r1 = home` where r1 has it. */
function dropKnownValue(i: MInst, known: Contents, numbers: Numbers): "drop" | undefined {
  const value = numbers.valueOf(i, known)
  return value !== undefined && known.registers[i.dst] === value ? "drop" : undefined
}

/** `r1 = home`, or an address of two instructions, where another register has it: `r1 = r2`. */
function reuseRegister(i: MInst, known: Contents, numbers: Numbers): MInst | undefined {
  if (isCopy(i) || i.op === OP_MOV_IMM || i.op === (o.BPF_ALU | o.BPF_MOV)) return undefined
  const value = numbers.valueOf(i, known)
  const holder = value === undefined ? -1 : known.registers.indexOf(value)
  return holder < 0 ? undefined : { ...makeInst(OP_COPY, i.dst, holder, 0, 0, i.span), id: i.id }
}

/** `home = r1` where home has it. */
function dropKnownStore(i: MInst, known: Contents): "drop" | undefined {
  if (!isHome(i) || (i.op & o.BPF_CLASS_MASK) !== o.BPF_STX) return undefined
  const value = known.registers[i.src]
  return value !== undefined && known.homes.get(i.slot!.index) === value ? "drop" : undefined
}

const isHome = (i: MInst): boolean => i.slot !== undefined && i.slot.kind === "spill" && i.op !== OP_FRAME_ADDR

function learnFromBranch(pred: MBlock, block: MBlock, known: Contents, numbers: Numbers): void {
  const { term } = pred
  if (term.kind !== "br" || !term.wide || term.src !== NO_REG || term.targets[0] === term.targets[1]) return
  const equal = term.op === o.BPF_JEQ ? term.targets[0] : term.op === o.BPF_JNE ? term.targets[1] : undefined
  if (equal === block)
    known.registers[term.dst] = numbers.constant(makeInst(OP_MOV_IMM, term.dst, NO_REG, 0, term.imm, undefined))
}

/** Hands out the numbers of values. */
class Numbers {
  #next = 1
  readonly #constants = new Map<string, number>()

  constant(i: MInst): number {
    const op = i.op === (o.BPF_ALU | o.BPF_MOV) && i.imm >= 0 ? OP_MOV_IMM : i.op
    const sym = i.sym === undefined ? "" : `${i.sym.kind} ${i.sym.name} ${"offset" in i.sym ? i.sym.offset : ""}`
    const key = `${op} ${i.imm} ${i.imm64} ${i.slot?.index ?? ""} ${sym}`
    let n = this.#constants.get(key)
    if (n === undefined) this.#constants.set(key, (n = this.#next++))
    return n
  }

  /** The number of what an instruction puts into its target, where it only moves something there. */
  valueOf(i: MInst, known: Contents): number | undefined {
    if (isCopy(i)) return this.#of(i.src, known)
    if (isConstantLike(i)) return this.constant(i)
    if (isHome(i) && (i.op & o.BPF_CLASS_MASK) === o.BPF_LDX) return this.#home(i.slot!.index, known)
    return undefined
  }

  /** What is known after an instruction. */
  record(i: MInst, known: Contents): void {
    const value = this.valueOf(i, known)
    if (isHome(i) && (i.op & o.BPF_CLASS_MASK) === o.BPF_STX) {
      known.homes.set(i.slot!.index, this.#of(i.src, known))
      return
    }
    const gone = clobbers(i)
    for (let r = 0; gone >> r !== 0; r++) if (((gone >> r) & 1) !== 0) known.registers[r] = this.#next++
    const r = definedReg(i)
    if (r >= 0) known.registers[r] = value ?? this.#next++
  }

  #of(r: Reg, known: Contents): number {
    return (known.registers[r] ??= this.#next++)
  }

  #home(index: number, known: Contents): number {
    let n = known.homes.get(index)
    if (n === undefined) known.homes.set(index, (n = this.#next++))
    return n
  }
}
