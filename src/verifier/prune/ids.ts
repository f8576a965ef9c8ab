/** Which id of a new state stands for which id of an old one, while they are compared. */
export class IdMap {
  readonly #old: number[] = []
  readonly #new: number[] = []
  #temporary = 0x8000_0000

  reset(): void {
    this.#old.length = 0
    this.#new.length = 0
    this.#temporary = 0x8000_0000
  }

  /** Both are none, or they stand for each other wherever they are met. */
  match(old: number, now: number): boolean {
    if (old === 0 || now === 0) return old === now
    for (let i = 0; i < this.#old.length; i++) {
      if (this.#old[i] === old) return this.#new[i] === now
      if (this.#new[i] === now) return false
    }
    this.#old.push(old)
    this.#new.push(now)
    return true
  }

  /** The same for numbers, where none is an id that nothing else has. */
  matchScalar(old: number, now: number): boolean {
    if (old === 0 && now === 0) return true
    return this.match(old === 0 ? ++this.#temporary : old, now === 0 ? ++this.#temporary : now)
  }
}
