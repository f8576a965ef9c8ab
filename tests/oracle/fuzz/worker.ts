import { parentPort, workerData } from "node:worker_threads"
import { faultName, tryInput } from "./check.ts"
import { Corpus, LONGEST } from "./corpus.ts"
import { Coverage } from "./coverage.ts"
import { fuzzInput } from "./input.ts"
import { reduceText } from "./reduce.ts"
import { seedTexts } from "./seeds.ts"
import { type Finding, type Message, Shared, type Work } from "./work.ts"

/** Compiler runs that making a finding small may take. */
const REDUCTIONS = 3000
/** Of this many inputs without a fault that reach nothing new, one goes through the whole pipeline. */
const WHOLE = 2

const { first, end, step, shared, kept, seeds, avoid } = workerData as Work
const state = new Shared(shared)
const coverage = new Coverage(state.seen)
const corpus = new Corpus()
const faults = new Set<string>()
const post = (message: Message) => parentPort?.postMessage(message)

// Most errors are those of wrong programs, which need no stack.
Error.stackTraceLimit = 0
for (const text of [...(seeds ? seedTexts : []), ...kept]) {
  if (text.length > LONGEST || avoid.includes(text)) continue
  corpus.add(text, (await run(text, first, true)).sound)
}
for (let input = first; input < end; input += step) {
  state.next(input)
  const text = fuzzInput(input, corpus)
  const { fresh, sound } = await run(text, input)
  if (fresh > 0 && corpus.add(text, sound)) post({ kept: text })
  state.kept = corpus.size
}

/** Compiles a text: how much of the compiler it reached that none had, and whether it has no fault. */
async function run(text: string, input: number, whole = false): Promise<{ fresh: number; sound: boolean }> {
  state.text = text
  coverage.start()
  let fresh = 0
  let sound = false
  try {
    const outcome = tryInput(text, input, dice => {
      fresh += coverage.add()
      return whole || fresh > 0 || dice % WHOLE === 0
    })
    sound = outcome !== "refused"
    if (sound) state.read++
    if (outcome === "compiles") state.compiled++
  } catch {
    await report(text, input)
  }
  return { fresh: fresh + coverage.add(), sound }
}

/** Makes a text that shows a fault small, once for each fault. */
async function report(text: string, input: number): Promise<void> {
  const fault = faultOf(text, input)
  if (fault === undefined || faults.has(fault.name)) return
  faults.add(fault.name)
  const reduced = await reduceText(text, part => faultOf(part, input)?.name === fault.name, REDUCTIONS)
  post({ input, what: fault.what, text, reduced } satisfies Finding)
}

function faultOf(text: string, input: number): { name: string; what: string } | undefined {
  state.tick()
  state.text = text
  Error.stackTraceLimit = 20
  try {
    tryInput(text, input)
    return undefined
  } catch (error) {
    return { name: faultName(error), what: String((error as Error).stack ?? error) }
  } finally {
    Error.stackTraceLimit = 0
  }
}
