import { encodeInsns, mapTypes, progTypes } from "../../../src/isa/index.ts"
import { mapCreate, progLoad, watchBpf } from "../../../src/kernel/bpf/index.ts"
import { closeFd } from "../../../src/kernel/index.ts"
import { Random } from "../../support/random.ts"
import { type Compared, compare } from "../compare.ts"
import { LoadWatcher, type Watched } from "../watched.ts"
import { CONTEXTS, type FuzzMap, Generator } from "./generate.ts"
import { mutate } from "./mutate.ts"
import { reduce } from "./reduce.ts"

/** A program, with what both verifiers say. */
export interface Fuzzed {
  readonly type: string
  readonly insns: Uint8Array
  readonly compared: Compared
}

const E2BIG = 7
/** Programs that are kept to make others of. */
const POOL = 500

/** Makes programs and asks both verifiers. Its maps are there until it is disposed. */
export class Fuzzer implements Disposable {
  readonly maps: readonly FuzzMap[]
  readonly #pool: { readonly type: string; readonly insns: Uint8Array }[] = []
  #watched: Watched | undefined

  constructor() {
    const seen = (watched: Watched) => {
      if (watched.load.log === undefined) this.#watched = watched
    }
    watchBpf(new LoadWatcher(seen))
    const make = (type: string, valueSize: number, maxEntries: number): FuzzMap => {
      const fd = mapCreate({ type: mapTypes.number(type) as number, keySize: 4, valueSize, maxEntries, flags: 0 })
      if (fd < 0) throw new Error(`no ${type} map: ${fd}`)
      return { fd, type, valueSize, maxEntries }
    }
    this.maps = [make("array", 64, 4), make("hash", 48, 4), make("array", 7, 1)]
  }

  [Symbol.dispose](): void {
    watchBpf(undefined)
    for (const { fd } of this.maps) closeFd(fd)
  }

  /** The program of a seed: new, or one of before with changes. Undefined for one that the kernel followed up to its limit: that takes seconds. */
  run(seed: number): Fuzzed | undefined {
    const random = new Random(seed)
    const before = this.#pool.length > 0 && random.chance(0.5) ? random.pick(this.#pool) : undefined
    const type = before?.type ?? random.pick(Object.keys(CONTEXTS))
    const insns = before ? mutate(before.insns, random) : encodeInsns(new Generator(random, type, this.maps).program())
    const compared = this.judge(type, insns, `seed ${seed}`)
    if (compared === undefined) return undefined
    if (compared.agreement === "accepted") this.#keep(random, { type, insns })
    return { type, insns, compared }
  }

  #keep(random: Random, program: { type: string; insns: Uint8Array }): void {
    if (this.#pool.length < POOL) this.#pool.push(program)
    else this.#pool[random.below(POOL)] = program
  }

  /** Both verdicts on a program, unless it takes the kernel to its limit. */
  judge(type: string, insns: Uint8Array, name: string): Compared | undefined {
    const { result } = progLoad({ type: progTypes.number(type) as number, insns, license: "GPL" })
    if (result === -E2BIG) return undefined
    const compared = compare(name, this.#watched as Watched)
    if (result >= 0) closeFd(result)
    return compared
  }

  /** A program with the same disagreement, and less in it. */
  reduced({ type, insns, compared }: Fuzzed): Fuzzed {
    const { agreement, name } = compared
    const small = reduce(insns, bytes => this.judge(type, bytes, name)?.agreement === agreement)
    return { type, insns: small, compared: this.judge(type, small, name) ?? compared }
  }
}
