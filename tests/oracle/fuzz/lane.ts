import { Worker } from "node:worker_threads"
import { reduceText } from "./reduce.ts"
import { type Finding, type Message, Shared, type Work } from "./work.ts"

/** Seconds of the processor's time after which an input counts as one that hangs the compiler. */
const HANG = 5
/** Runs that making such an input small may take, and the seconds of each. */
const REDUCTIONS = 40
const SHORT_HANG = 2
/** Megabytes: that of a process's first thread, which has the least. */
const STACK = 1

/** Seconds that all threads of this process have had on a processor. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

type Share = Pick<Work, "first" | "end" | "step">

/** A worker and its share of the inputs; another takes its place after an input that hangs or ends it. */
export class Lane {
  readonly #share: Share
  readonly #report: (finding: Finding) => void
  readonly #kept: string[] = []
  readonly #avoid: string[] = []
  #state = new Shared()
  #worker: Worker | undefined
  #since = processorSeconds()
  #ticks = -1
  #earlier = { compiled: 0, read: 0 }

  constructor(share: Share, report: (finding: Finding) => void) {
    this.#share = share
    this.#report = report
    this.#start(share.first)
  }

  get running(): boolean {
    return this.#worker !== undefined
  }

  /** Inputs that are done. */
  get done(): number {
    const { first, end, step } = this.#share
    const reached = this.running ? Math.max(this.#state.input, first) : end
    return Math.ceil((reached - first) / step)
  }

  get compiled(): number {
    return this.#earlier.compiled + this.#state.compiled
  }

  get read(): number {
    return this.#earlier.read + this.#state.read
  }

  /** Texts in the corpus. */
  get kept(): number {
    return this.#state.kept
  }

  /** A bit for each bucket of each block (coverage.ts). */
  get seen(): Uint8Array {
    return this.#state.seen
  }

  #start(first: number): void {
    this.#earlier = { compiled: this.compiled, read: this.read }
    this.#state = new Shared()
    this.#since = processorSeconds()
    const shared = this.#state.buffer
    const worker = startWorker({ ...this.#share, first, shared, seeds: true, kept: this.#kept, avoid: this.#avoid })
    worker.on("message", (message: Message) => {
      if ("kept" in message) this.#kept.push(message.kept)
      else this.#report(message)
    })
    worker.on("error", error => {
      const { input, text } = this.#state
      this.#report({ input, what: `the worker ends: ${error}`, text, reduced: text })
      this.#avoid.push(text)
      this.#start(input + this.#share.step)
    })
    worker.on("exit", code => {
      if (this.#worker === worker && code === 0) this.#worker = undefined
    })
    this.#worker = worker
  }

  /** Ends the worker when it is at one text for too long, with so many of them running. */
  async watch(threads: number): Promise<void> {
    const { ticks } = this.#state
    if (ticks !== this.#ticks) {
      this.#ticks = ticks
      this.#since = processorSeconds()
    }
    if (processorSeconds() - this.#since < HANG * threads) return
    const { input, text } = this.#state
    const hanging = this.#worker
    this.#avoid.push(text)
    this.#start(Math.max(input, this.#share.first) + this.#share.step)
    await hanging?.terminate()
    const reduced = await reduceText(text, part => hangs(part, input, threads), REDUCTIONS)
    this.#report({ input, what: `still at it after ${HANG} s`, text, reduced })
    this.#since = processorSeconds()
  }
}

const startWorker = (data: Work): Worker =>
  new Worker(new URL("./worker.mjs", import.meta.url), {
    workerData: data,
    resourceLimits: { stackSizeMb: STACK },
  })

/** Whether a text takes the compiler long, in a worker of its own beside so many others. */
async function hangs(text: string, input: number, threads: number): Promise<boolean> {
  const { buffer } = new Shared()
  const work = { first: input, end: input, step: 1, shared: buffer, seeds: false, kept: [text], avoid: [] }
  const worker = startWorker(work)
  const ended = new Promise<boolean>(resolve => {
    worker.on("exit", () => resolve(false))
    worker.on("error", () => resolve(false))
  })
  const late = new Promise<boolean>(resolve => setTimeout(resolve, SHORT_HANG * threads * 1000, true))
  const hung = await Promise.race([ended, late])
  await worker.terminate()
  return hung
}
