import { fileURLToPath } from "node:url"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"

/**
 * Things that are tried in worker threads: the test file starts itself again in a thread with the name of a scenario. True in that thread,
 * where the file must define no tests. What a scenario gives is told to {@link ThreadScenario.result}.
 */
export function threadScenarios(scenarios: Readonly<Record<string, () => unknown>>): boolean {
  if (isMainThread) return false
  const run = async (): Promise<unknown> => scenarios[(workerData as { scenario: string }).scenario]()
  // An error ends the thread, and its creator gets to know it.
  run().then(value => parentPort?.postMessage(value), throwOutside)
  return true
}

function throwOutside(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}

/** A scenario of the test file `url` that runs in a thread. */
export class ThreadScenario {
  /** What the scenario gives. The thread may go on. */
  readonly result: Promise<unknown>
  /** The status with which the thread has ended. */
  readonly ended: Promise<number>
  readonly #worker: Worker

  constructor(url: string, scenario: string) {
    this.#worker = new Worker(fileURLToPath(url), { workerData: { scenario } })
    this.ended = new Promise(resolve => this.#worker.once("exit", resolve))
    this.result = new Promise((resolve, reject) => {
      this.#worker.once("message", resolve)
      this.#worker.once("error", reject)
      this.#worker.once("exit", status => reject(new Error(`the thread ended with ${status}`)))
    })
    this.result.catch(() => {})
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }
}
