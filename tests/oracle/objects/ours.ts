import { readFileSync } from "node:fs"
import { KernelMachine } from "../../../src/kernel/index.ts"
import { type BpfObject, readElf } from "../../../src/object/index.ts"
import { kernelFunctions } from "../../../src/symbols/index.ts"
import { type Failure, failure } from "../selftests/compile.ts"
import { Judge, loadable, type Verdict, why } from "../selftests/load.ts"

/** What became of a program: it is taken where it is not refused. */
export type Outcome = Pick<Verdict, "refused" | "tag">

/** Loads objects with skep's loader. */
export class ObjectJudge {
  readonly #machine = new KernelMachine({ functions: kernelFunctions })
  readonly #judge = new Judge()

  /** What became of each program by itself, and under `*` of all of them at once. */
  judge(path: string): Map<string, Outcome> {
    let object: BpfObject
    try {
      object = readElf(readFileSync(path), path)
    } catch (error) {
      return new Map([["*", { refused: failure(error) }]])
    }
    const verdicts = this.#judge.judge(object).map(verdict => [verdict.name, verdict] as const)
    return new Map<string, Outcome>([...verdicts, ["*", { refused: this.#whole(object) }]])
  }

  #whole(object: BpfObject): Failure | undefined {
    try {
      this.#machine.load({ ...object, maps: object.maps.map(loadable) })[Symbol.dispose]()
      return undefined
    } catch (error) {
      return why(error)
    }
  }
}
