import type { User } from "../edit.ts"
import type { Inst, IrFunction, Param, Phi, Value } from "../ir.ts"

/** A value that a function defines. */
export type Definition = Inst | Phi | Param

/** One argument place that holds a value. */
export interface Use {
  readonly user: User
  readonly index: number
}

/** Who uses each value, kept up by going through `set`, `replace` and `drop`. Constants are not recorded. */
export class Uses {
  readonly #uses = new Map<Value, Use[]>()

  constructor(func: IrFunction) {
    for (const block of func.blocks) {
      for (const phi of block.phis) this.add(phi)
      for (const inst of block.insts) this.add(inst)
      this.add(block.term)
    }
  }

  /** The places that hold `value`, in no order to rely on after a change. */
  of(value: Value): readonly Use[] {
    return this.#uses.get(value) ?? []
  }

  count(value: Value): number {
    return this.#uses.get(value)?.length ?? 0
  }

  /** Records a user that is new in the function. */
  add(user: User): void {
    for (let i = 0; i < user.args.length; i++) this.#link(user, i)
  }

  /** Forgets a user that leaves the function. */
  drop(user: User): void {
    for (let i = 0; i < user.args.length; i++) this.#unlink(user, i)
  }

  /** Makes `user.args[index]` another value. */
  set(user: User, index: number, value: Value): void {
    this.#unlink(user, index)
    user.args[index] = value
    this.#link(user, index)
  }

  /** Puts `to` in every place of `from`. */
  replace(from: Value, to: Value): void {
    for (const { user, index } of [...this.of(from)]) this.set(user, index, to)
  }

  #link(user: User, index: number): void {
    const value = user.args[index]
    if (value.kind === "const" || value.kind === "undef") return
    const list = this.#uses.get(value)
    if (list === undefined) this.#uses.set(value, [{ user, index }])
    else list.push({ user, index })
  }

  #unlink(user: User, index: number): void {
    const list = this.#uses.get(user.args[index])
    if (list === undefined) return
    const at = list.findIndex(use => use.user === user && use.index === index)
    if (at < 0) return
    const last = list.pop()!
    if (at < list.length) list[at] = last
  }
}

/** How often each value is used, without keeping who uses it: one walk. */
export function countUses(func: IrFunction): Map<Value, number> {
  const counts = new Map<Value, number>()
  const add = (args: readonly Value[]) => {
    for (const v of args) if (v.kind !== "const" && v.kind !== "undef") counts.set(v, (counts.get(v) ?? 0) + 1)
  }
  for (const block of func.blocks) {
    for (const phi of block.phis) add(phi.args)
    for (const inst of block.insts) add(inst.args)
    add(block.term.args)
  }
  return counts
}
