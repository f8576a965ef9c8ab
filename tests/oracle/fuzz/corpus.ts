import type { Random } from "../random.ts"
import { tokensOf } from "./seeds.ts"

/** Characters above which a text is not kept: what is small is tried more often in the same time. */
export const LONGEST = 3000

interface Entry {
  readonly tokens: readonly string[]
  /** What it costs to change it, in characters. */
  readonly cost: number
  picked: number
}

/** Texts that each reached something in the compiler that none before it had reached. */
export class Corpus {
  readonly #entries: Entry[] = []

  get size(): number {
    return this.#entries.length
  }

  /** Adds a text, which is changed more often where it has no fault that ends its compilation; false where it is too long to be kept. */
  add(text: string, sound: boolean): boolean {
    if (text.length > LONGEST) return false
    this.#entries.push({ tokens: tokensOf(text), cost: (text.length + 500) / (sound ? 3 : 1), picked: 0 })
    return true
  }

  /** The tokens of one of the texts; short ones and those that had few turns come first, of every three. */
  pick(r: Random): readonly string[] {
    let best: Entry | undefined
    for (let n = 0; n < 3; n++) {
      const entry = r.pick(this.#entries)
      if (best === undefined || cost(entry) < cost(best)) best = entry
    }
    best!.picked++
    return best!.tokens
  }
}

const cost = (entry: Entry): number => (entry.picked + 1) * entry.cost
