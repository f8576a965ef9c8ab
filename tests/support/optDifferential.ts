import assert from "node:assert/strict"
import { checkModule, type Module, printModule } from "../../src/ir/index.ts"
import { inlineCalls, optimise, type Pass, passes } from "../../src/opt/index.ts"
import { type Outcome, outcomes } from "./irOracle.ts"
import { randomModule } from "./irRandom.ts"
import { Random } from "./random.ts"

/** A step of the optimiser on a whole module. */
interface Step {
  readonly name: string
  readonly run: (module: Module) => void
}

const everyFunction = (pass: Pass): Step => ({
  name: pass.name,
  run: module => {
    for (const func of module.functions) pass.run(func)
  },
})
const steps: readonly Step[] = [
  ...Object.values(passes).map(everyFunction),
  { name: "inline", run: module => inlineCalls(module, () => {}) },
]

/** Runs single passes in a random order on a random module, and after each one checks the form and that the module still does the same. */
export function passesKeepMeaning(seed: number, size?: number): void {
  const random = new Random(seed)
  const module = randomModule(seed, size)
  const expected = outcomes(module)
  if (expected === undefined) return
  const names: string[] = []
  for (let i = 0; i < 14; i++) {
    const step = random.pick(steps)
    const before = printModule(module)
    names.push(step.name)
    try {
      step.run(module)
      same(module, expected)
    } catch (e) {
      throw new Error(`seed ${seed}: after ${names.join(", ")}: ${(e as Error).message}\n\nbefore:\n${before}`, {
        cause: e,
      })
    }
  }
}

/** The same for the whole pipeline. */
export function pipelineKeepsMeaning(seed: number, size?: number): void {
  const module = randomModule(seed, size)
  const expected = outcomes(module)
  if (expected === undefined) return
  const before = printModule(module)
  try {
    optimise(module, { check: true })
    same(module, expected)
  } catch (e) {
    throw new Error(`seed ${seed}: ${(e as Error).message}\n\nbefore:\n${before}`, { cause: e })
  }
}

function same(module: Module, expected: readonly Outcome[]): void {
  const [problem] = checkModule(module)
  if (problem !== undefined)
    throw new Error(`@${problem.func}: ${problem.message}: ${problem.where}\n${printModule(module)}`)
  try {
    const given = outcomes(module, 200_000)
    assert.deepEqual(given, expected)
  } catch (e) {
    throw new Error(`${(e as Error).message}\n\nafter:\n${printModule(module)}`)
  }
}
