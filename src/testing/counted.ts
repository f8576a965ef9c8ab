import { SkepError } from "../base/index.ts"
import { BPF } from "../bpf/index.ts"
import type { Machine } from "../machine/index.ts"
import { counts } from "./coverage.ts"
import { chosenMachine, testMachine } from "./machine.ts"
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
  const counted = testMachine(vm)
  const bpf = await counting(options, counted)
  if (bpf !== undefined) return new TestProgram(bpf, counted, { changed, end: all.add(() => bpf.coverage()) })
  if (chosenMachine() === "kernel") return undefined
  const machine = testMachine({ coverage: all.instructions, ...vm })
  return new TestProgram(await BPF.load({ ...options, machine, autoAttach: false }), machine, {
    changed,
    end: changed,
  })
}

/** Undefined for an object, and where the program is refused: it is tried without counts then, and what is wrong with it is said of its own code. */
async function counting(options: Omit<TestProgramOptions, "vm">, machine: Machine): Promise<BPF | undefined> {
  try {
    return await BPF.load({ ...options, coverage: true, machine, autoAttach: false })
  } catch (error) {
    if (error instanceof SkepError) return undefined
    throw error
  }
}
