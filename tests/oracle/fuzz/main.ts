import { availableParallelism } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { Worker } from "node:worker_threads"
import { fuzzInput } from "./input.ts"
import type { Finding, Work } from "./worker.ts"

/** Seconds of the processor's time after which an input counts as one that hangs the compiler. */
const HANG = 5

/** Seconds that all threads of this process have had on a processor. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/**
 * Compiles random texts: programs with tokens changed, texts of C's grammar, deep nesting, noise.
 *
 *     SKEP_COUNT=1000000 SKEP_SEED=1 npm run fuzz        inputs, and the first one's number
 *
 * Every one must compile or be refused with a code, within seconds. Prints what does not, by number: `SKEP_SEED=n SKEP_COUNT=1` shows its text.
 */
export async function main(): Promise<number> {
  const first = Number(process.env.SKEP_SEED ?? 1)
  const count = Number(process.env.SKEP_COUNT ?? 20_000)
  if (count === 1) console.log(fuzzInput(first))
  const threads = Math.min(Number(process.env.SKEP_THREADS ?? availableParallelism()), count)
  const findings: Finding[] = []
  const started = performance.now()
  const lanes = Array.from(
    { length: threads },
    (_, i) => new Lane({ first: first + i, end: first + count, step: threads }, findings),
  )
  const seconds = () => Math.max((performance.now() - started) / 1000, 0.001)
  const done = () => lanes.reduce((n, lane) => n + lane.done, 0)
  let next = seconds() + 20
  while (lanes.some(lane => lane.running)) {
    await sleep(100)
    const running = lanes.filter(lane => lane.running)
    for (const lane of running) await lane.watch(running.length)
    if (seconds() < next) continue
    next += 20
    console.log(`${done()} of ${count}, ${Math.round(done() / seconds())} a second, ${findings.length} faults`)
  }
  const compiled = lanes.reduce((n, lane) => n + lane.compiled, 0)
  const rate = Math.round(count / seconds())
  console.log(
    `fuzz: ${count} inputs from ${first} on, ${compiled} compile, ${findings.length} faults, ${rate} a second`,
  )
  return findings.length === 0 ? 0 : 1
}

/** A worker and its share of the seeds; another takes its place after an input that hangs it. */
class Lane {
  readonly #work: Omit<Work, "shared">
  readonly #findings: Finding[]
  #state = new Int32Array(new SharedArrayBuffer(8))
  #worker: Worker | undefined
  #since = processorSeconds()
  #seen = -1
  compiled = 0

  constructor(work: Omit<Work, "shared">, findings: Finding[]) {
    this.#work = work
    this.#findings = findings
    this.#start(work.first)
  }

  get running(): boolean {
    return this.#worker !== undefined
  }

  get done(): number {
    const { first, end, step } = this.#work
    const reached = this.running ? Math.max(Atomics.load(this.#state, 0), first) : end
    return Math.ceil((reached - first) / step)
  }

  #start(first: number): void {
    this.compiled += this.#state[1]
    this.#state = new Int32Array(new SharedArrayBuffer(8))
    this.#since = processorSeconds()
    const data: Work = { ...this.#work, first, shared: this.#state.buffer as SharedArrayBuffer }
    const worker = new Worker(new URL("./worker.mjs", import.meta.url), { workerData: data })
    worker.on("message", (finding: Finding) => this.#report(finding))
    worker.on("error", error => {
      this.#report({ seed: this.#state[0], what: `the worker ends: ${error}` })
      this.#start(this.#state[0] + this.#work.step)
    })
    worker.on("exit", code => {
      if (this.#worker !== worker || code !== 0) return
      this.compiled += this.#state[1]
      this.#state[1] = 0
      this.#worker = undefined
    })
    this.#worker = worker
  }

  /** Ends the worker when it is at one input for too long. */
  async watch(threads: number): Promise<void> {
    const seed = Atomics.load(this.#state, 0)
    if (seed !== this.#seen) {
      this.#seen = seed
      this.#since = processorSeconds()
    }
    if (processorSeconds() - this.#since < HANG * threads) return
    this.#report({ seed, what: `still at it after ${HANG} s` })
    const hanging = this.#worker
    this.#start(seed + this.#work.step)
    await hanging?.terminate()
  }

  #report(finding: Finding): void {
    this.#findings.push(finding)
    console.log(`input ${finding.seed}: ${finding.what}\n`)
  }
}
