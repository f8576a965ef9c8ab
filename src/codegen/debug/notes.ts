import type { Inst, IrFunction, Phi, Value, VariablePart } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import { isVirtual, type MBlock, type MInst, NO_REG, type Reg } from "../mir/mir.ts"
import { definedReg } from "../mir/operands.ts"

/** A register holds a part of a variable from an instruction on; without `reg` it is the register that the instruction writes. */
export interface Note {
  readonly part: VariablePart
  reg?: Reg
}

/**
 * Which instructions give variables their values, by the instructions' numbers. Passes that drop or share instructions say so; what they do not
 * say is lost, and the variable has no place for a while. Nothing looks at this but debug information.
 */
export class Notes {
  /** Behind an instruction. */
  readonly after = new Map<number, Note[]>()
  /** At the start of a block. */
  readonly entry = new Map<MBlock, Note[]>()

  /** Each block's last instruction that writes a value's register makes it the value. */
  static of(ir: IrFunction, blocks: readonly MBlock[], regOf: (v: Inst | Phi) => Reg, params: readonly Reg[]): Notes {
    const notes = new Notes()
    const named = new Map<Reg, VariablePart[]>()
    const name = (reg: Reg, parts: readonly VariablePart[] | undefined): void => {
      if (parts !== undefined && isVirtual(reg)) named.set(reg, [...(named.get(reg) ?? []), ...parts])
    }
    const joined = namedPhis(ir)
    for (const { phis, insts } of ir.blocks) {
      for (const phi of phis) name(regOf(phi), joined.get(phi))
      for (const inst of insts) if (inst.names !== undefined) name(regOf(inst), inst.names)
    }
    const entry: Note[] = []
    for (const { index, names = [] } of ir.params) {
      name(params[index], names)
      for (const part of names) entry.push({ part, reg: o.R1 + index })
    }
    if (entry.length > 0) notes.entry.set(blocks[0], entry)
    for (const { insts } of blocks) {
      const seen = new Set<Reg>()
      for (let k = insts.length - 1; k >= 0; k--) {
        const reg = definedReg(insts[k])
        if (reg === NO_REG || seen.has(reg)) continue
        seen.add(reg)
        const parts = named.get(reg)
        if (parts !== undefined)
          notes.after.set(
            insts[k].id,
            parts.map(part => ({ part })),
          )
      }
    }
    return notes
  }

  /** Registers have other names. */
  rename(rename: (r: Reg) => Reg): void {
    for (const list of [...this.after.values(), ...this.entry.values()]) {
      for (const note of list) if (note.reg !== undefined && isVirtual(note.reg)) note.reg = rename(note.reg) ?? NO_REG
    }
  }

  /** An instruction goes whose register holds what it would have put there; `before` is the one in front of it, if any. */
  drop(block: MBlock, i: MInst, before: MInst | undefined): void {
    const gone = i.id < 0 ? undefined : this.after.get(i.id)
    if (gone === undefined) return
    this.after.delete(i.id)
    this.#put(
      block,
      before,
      gone.map(({ part, reg = definedReg(i) }) => ({ part, reg })),
    )
  }

  /** What holds at the start of a block holds behind the block that it is joined to. */
  join(block: MBlock, to: MBlock): void {
    const entry = this.entry.get(to)
    if (entry === undefined) return
    this.entry.delete(to)
    this.#put(block, block.insts.at(-1), entry)
  }

  #put(block: MBlock, before: MInst | undefined, notes: readonly Note[]): void {
    if (before === undefined) this.entry.set(block, [...(this.entry.get(block) ?? []), ...notes])
    else if (before.id >= 0) this.after.set(before.id, [...(this.after.get(before.id) ?? []), ...notes])
  }

  /** One instruction stands for several, on different ways: only what all of them say stays. */
  share(kept: MInst, others: readonly MInst[]): void {
    const notes = this.after.get(kept.id)
    if (notes === undefined) return
    const agreed = notes.filter(note =>
      others.every(other => this.after.get(other.id)?.some(n => n.part === note.part && n.reg === note.reg)),
    )
    this.after.set(kept.id, agreed)
  }
}

/**
 * The parts that phis hold: passes make new ones that nobody named. Where all values that come in were assigned to a part, the phi is it.
 *
 *     %i = phi [b0: 0], [b1: %next]      ; 0 and %next are assigned to i
 */
function namedPhis(ir: IrFunction): Map<Phi, readonly VariablePart[]> {
  const constants = new Map<VariablePart, Set<bigint>>()
  for (const { part, value } of ir.debug!.constants) {
    const values = constants.get(part)
    if (values === undefined) constants.set(part, new Set([value.value]))
    else values.add(value.value)
  }
  const phis = ir.blocks.flatMap(block => block.phis)
  const found = new Map<Phi, readonly VariablePart[]>(phis.map(phi => [phi, phi.names ?? []]))
  const holds = (value: Value, part: VariablePart): boolean => {
    if (value.kind === "undef") return true
    if (value.kind === "const") return constants.get(part)?.has(value.value) === true
    return ((value.kind === "phi" ? found.get(value) : value.names) ?? []).includes(part)
  }
  for (let changed = true; changed; ) {
    changed = false
    for (const phi of phis) {
      const known = found.get(phi)!
      const seen = new Set(
        phi.args.flatMap(arg => (arg.kind === "phi" ? found.get(arg)! : "names" in arg ? (arg.names ?? []) : [])),
      )
      const more = [...seen].filter(
        part => !known.includes(part) && phi.args.every(arg => arg === phi || holds(arg, part)),
      )
      if (more.length === 0) continue
      found.set(phi, [...known, ...more])
      changed = true
    }
  }
  return found
}
