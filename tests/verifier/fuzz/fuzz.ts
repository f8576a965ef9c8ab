import {
  BPF_CLASS_MASK,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_PSEUDO_CALL,
  OP_CALL,
  progTypes,
} from "../../../src/isa/index.ts"
import { progLoad, watchBpf } from "../../../src/kernel/bpf/index.ts"
import { closeFd } from "../../../src/kernel/index.ts"
import { type Facts, verify } from "../../../src/verifier/index.ts"
import { type Compared, compare } from "../compare.ts"
import { LoadWatcher, type Watched } from "../watched.ts"
import { canRun, isRepeatable, runBoth, runHere } from "./execute.ts"
import { KernelMaps } from "./maps.ts"
import { type FuzzProgram, programOf } from "./programs.ts"
import { reduce } from "./reduce.ts"

/** Where an accepted program was run: in the kernel and here, with the same results to be expected; here alone; nowhere. */
export type Ran = "both" | "here" | "nowhere"

/** A program, with what both verifiers say, and what came of running it. */
export interface Fuzzed extends FuzzProgram {
  readonly compared: Compared
  readonly ran: Ran
}

const E2BIG = 7
const BPF_F_SLEEPABLE = 16

/** Asks both verifiers about programs, and runs those that both take. Its maps are there until it is disposed. */
export class Fuzzer implements Disposable {
  readonly #maps: KernelMaps
  #watched: Watched | undefined

  constructor() {
    const seen = (watched: Watched) => {
      if (watched.load.log === undefined) this.#watched = watched
    }
    watchBpf(new LoadWatcher(seen))
    this.#maps = new KernelMaps()
  }

  [Symbol.dispose](): void {
    watchBpf(undefined)
    this.#maps[Symbol.dispose]()
  }

  /** Judges the program of a seed. Undefined for one that the kernel followed up to its limit: that takes seconds. */
  run(seed: number): Fuzzed | undefined {
    return this.judge(programOf(seed), `seed ${seed}`)
  }

  judge(one: FuzzProgram, name: string): Fuzzed | undefined {
    const { result } = progLoad({
      type: progTypes.number(one.type) as number,
      insns: this.#maps.named(one.insns),
      license: "GPL",
      flags: one.type === "syscall" ? BPF_F_SLEEPABLE : 0,
    })
    if (result === -E2BIG) return undefined
    try {
      const watched = this.#watched as Watched
      const compared = compare(name, watched)
      if (compared.agreement !== "accepted") return { ...one, compared, ran: "nowhere" }
      // Without CAP_PERFMON results cannot depend on where memory lies.
      const narrow = verify({ ...watched.input, perfmon: false, logLevel: 0 })
      const { facts } = narrow.accepted ? narrow : verify({ ...watched.input, logLevel: 0 })
      const live = { ...one, insns: withoutDead(one.insns, facts) }
      if (!canRun(live)) return { ...one, compared, ran: "nowhere" }
      const both = narrow.accepted && isRepeatable(live.insns)
      const ours = both ? runBoth(live, result, this.#maps) : runHere(live)
      const judged: Compared = ours === "" ? compared : { ...compared, agreement: "wrong result", ours }
      return { ...one, compared: judged, ran: both ? "both" : "here" }
    } finally {
      if (result >= 0) closeFd(result)
    }
  }

  /** A program with the same disagreement, and less in it. */
  reduced(one: Fuzzed): Fuzzed {
    const { agreement, name } = one.compared
    const judge = (insns: Uint8Array) => this.judge({ type: one.type, insns }, name)
    const small = reduce(one.insns, bytes => judge(bytes)?.compared.agreement === agreement)
    return judge(small) ?? one
  }
}

const NOTHING = Uint8Array.of(BPF_JMP | BPF_JA, 0, 0, 0, 0, 0, 0, 0)

/** The program with nothing where no way leads: what stands there may be no instruction. Jumps stay, as it is they that say what can be reached. */
function withoutDead(insns: Uint8Array, { dead }: Facts): Uint8Array {
  const copy = insns.slice()
  for (const [slot, isDead] of dead.entries()) {
    const op = insns[8 * slot]
    const group = op & BPF_CLASS_MASK
    const isHelper = op === OP_CALL && insns[8 * slot + 1] >> 4 !== BPF_PSEUDO_CALL
    const jumps = !isHelper && (group === BPF_JMP || group === BPF_JMP32)
    if (isDead && !jumps) copy.set(NOTHING, 8 * slot)
  }
  return copy
}
