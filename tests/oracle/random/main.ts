import { fork } from "node:child_process"
import { availableParallelism } from "node:os"
import { needsRoot } from "../../support/kernel.ts"
import { hasNativeCompiler } from "../native.ts"
import { BATCH, type Batch, type BatchResult } from "./batch.ts"

/**
 * Random functions: compiled by skep and run in this machine's kernel, against gcc's results.
 *
 *     SKEP_COUNT=100000 SKEP_SEED=1 npm run oracle        functions, and the first one's seed
 *     SKEP_COUNT=1 SKEP_SEED=4711 npm run oracle          the one function, with the same arguments
 *
 * Each is tried at one of three levels of the instruction set, on six sets of arguments. Prints every difference with its function.
 */
export async function main(): Promise<number> {
  const first = Number(process.env.SKEP_SEED ?? 1)
  const count = Number(process.env.SKEP_COUNT ?? 2000)
  if (needsRoot || !hasNativeCompiler()) {
    console.log(`oracle: not run: ${needsRoot || "no native C compiler (gcc)"}`)
    return 0
  }
  const total = { done: 0, followed: 0, complex: 0, unknown: 0, faults: 0 }
  const started = performance.now()
  const rate = () => (total.done / ((performance.now() - started) / 1000)).toFixed(1)
  let next = first
  let report = 1000
  const take = (): Batch | undefined => {
    if (next >= first + count) return undefined
    const batch = { first: next, end: Math.min(next + BATCH - (next % BATCH), first + count) }
    next = batch.end
    return batch
  }
  const add = (batch: Batch, { followed, complex, unknown, faults }: BatchResult) => {
    total.done += batch.end - batch.first
    total.followed += followed
    total.complex += complex
    total.unknown += unknown
    total.faults += faults.length
    for (const fault of faults) console.log(`${fault}\n`)
    if (total.done < report) return
    report += 1000
    console.log(`${total.done} of ${count}, ${rate()} a second, ${total.faults} faults`)
  }
  const threads = Number(process.env.SKEP_THREADS ?? availableParallelism())
  await Promise.all(Array.from({ length: threads }, () => lane(take, add)))
  const { followed, complex, unknown, faults } = total
  const left = unknown === 0 ? "" : `${unknown} left out as gcc fails on them, `
  const told = `${followed} run, ${complex} too complex for the verifier, ${left}${faults} faults`
  console.log(`oracle: ${count} functions from ${first} on: ${told}, ${rate()} a second`)
  return faults === 0 && total.done === count ? 0 : 1
}

/** One process, which is given a batch after the other. */
function lane(take: () => Batch | undefined, add: (batch: Batch, result: BatchResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL("./worker.mjs", import.meta.url), { execArgv: ["--enable-source-maps"] })
    let batch = take()
    const send = () => (batch === undefined ? child.kill() : child.send(batch))
    child.on("message", (result: BatchResult) => {
      add(batch!, result)
      batch = take()
      send()
    })
    child.on("error", reject)
    child.on("exit", () => (batch === undefined ? resolve() : reject(new Error(`the process ended at ${batch.first}`))))
    send()
  })
}
