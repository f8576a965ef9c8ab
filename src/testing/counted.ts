import { SkepError } from "../base/index.ts"
import { BPF, countingOf } from "../bpf/index.ts"
import { counts } from "./coverage.ts"
import { chosenMachine, testMachine } from "./machine.ts"
import { placesHit } from "./places.ts"
import { TestProgram, type TestProgramOptions } from "./program.ts"

/** What a program under test tells of its counts. */
export interface Counting {
  /** Something ran. */
  changed(): void
  /** The program goes: its counts are kept. */
  end(): void
}

/** The program with code that counts what of it runs, where that is asked for; by its instructions where the verifier does not follow that code. */
export async function countedProgram({ vm, ...options }: TestProgramOptions): Promise<TestProgram | undefined> {
  const all = counts()
  if (all === undefined) return undefined
  const changed = (): void => all.changed()
  const made = await attempt(() => countingOf(options))
  if (made !== undefined) {
    const { text: _text, file: _file, ...rest } = options
    const machine = testMachine(vm)
    const load = { ...rest, object: made.object, machine, autoAttach: false }
    const bpf = await attempt(() => BPF.load(load))
    if (bpf !== undefined) {
      const { map } = bpf.table(made.map)
      const end = all.add(() => placesHit(made.places, map))
      return new TestProgram(bpf, machine, { changed, end })
    }
  }
  if (chosenMachine() === "kernel") return undefined
  const machine = testMachine({ coverage: all.instructions, ...vm })
  return new TestProgram(await BPF.load({ ...options, machine, autoAttach: false }), machine, {
    changed,
    end: changed,
  })
}

/** What a call gives; undefined where the program is refused: it is tried without counts then, and what is wrong with it is said of its own code. */
async function attempt<T>(call: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof SkepError) return undefined
    throw error
  }
}
