import type { Reg } from "../mir/mir.ts"

/** A set of registers (or other small numbers) with all operations in constant time; iteration is in no meaningful but a fixed order. */
export class RegSet {
  readonly list: Reg[] = []
  readonly #at: Int32Array

  constructor(limit: number) {
    this.#at = new Int32Array(limit).fill(-1)
  }
  has(r: Reg): boolean {
    return this.#at[r] >= 0
  }
  add(r: Reg): void {
    if (this.#at[r] >= 0) return
    this.#at[r] = this.list.length
    this.list.push(r)
  }
  delete(r: Reg): void {
    const at = this.#at[r]
    if (at < 0) return
    const last = this.list.pop()!
    this.#at[r] = -1
    if (last === r) return
    this.list[at] = last
    this.#at[last] = at
  }
  clear(): void {
    // One by one: a list that is emptied at once gives its memory back, to ask for it anew.
    for (let r = this.list.pop(); r !== undefined; r = this.list.pop()) this.#at[r] = -1
  }
  /** Makes it hold exactly these. */
  reset(members: readonly Reg[]): void {
    this.clear()
    for (const r of members) this.add(r)
  }
}
