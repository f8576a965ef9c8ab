import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { faultName, tryInput } from "./check.ts"
import { Lane } from "./lane.ts"
import type { Finding } from "./work.ts"

/** Where texts that show a fault are left. */
const FOLDER = "build/fuzz"

/**
 * Compiles random texts: texts of C's grammar, deep nesting, noise, and most of all programs with tokens changed. A text that reaches a block of
 * the compiler that none had reached, or more often, is changed further. All go through preprocessor, parser and type checker; what is new, and a
 * part of the rest, through the whole pipeline.
 *
 *     SKEP_COUNT=1000000 SKEP_SEED=1 npm run fuzz        inputs, and the first one's number
 *     npm run fuzz -- build/fuzz/4711.c                  one text, as the input of the number that is its name
 *
 * Every one must compile or be refused with a code, within seconds. What does not is made small, printed, and left in build/fuzz. The same numbers
 * give the same inputs with the same SKEP_THREADS.
 */
export async function main(files: readonly string[]): Promise<number> {
  if (files.length > 0) return tryFiles(files)
  const first = Number(process.env.SKEP_SEED ?? 1)
  const count = Number(process.env.SKEP_COUNT ?? 20_000)
  const step = Math.min(Number(process.env.SKEP_THREADS ?? availableParallelism()), count)
  const faults = new Set<string>()
  const report = (finding: Finding): void => {
    const name = faultName({ message: finding.what.split("\n")[0] })
    if (faults.has(name)) return
    faults.add(name)
    save(finding)
  }
  const started = performance.now()
  const lanes = Array.from({ length: step }, (_, i) => new Lane({ first: first + i, end: first + count, step }, report))
  const seconds = () => Math.max((performance.now() - started) / 1000, 0.001)
  const sum = (of: (lane: Lane) => number) => lanes.reduce((n, lane) => n + of(lane), 0)
  const figures = () => {
    const done = sum(lane => lane.done)
    const read = sum(lane => lane.read)
    const rate = Math.round(done / seconds())
    return `${done} inputs from ${first} on, ${rate} a second, ${read} without a fault of types, ${sum(lane => lane.compiled)} of them compiled whole, ${reached(lanes)}, corpus ${sum(lane => lane.kept)}, ${faults.size} faults`
  }
  let next = seconds() + 20
  while (lanes.some(lane => lane.running)) {
    await sleep(100)
    const running = lanes.filter(lane => lane.running)
    for (const lane of running) await lane.watch(running.length)
    if (seconds() < next) continue
    next += 20
    console.log(figures())
  }
  console.log(`fuzz: ${figures()}`)
  return faults.size === 0 ? 0 : 1
}

/** How many of the compiler's blocks ran. */
function reached(lanes: readonly Lane[]): string {
  const [{ seen }] = lanes
  const ran = seen.reduce((n, _, i) => (lanes.some(lane => lane.seen[i] !== 0) ? n + 1 : n), 0)
  return `${ran} of ${seen.length} blocks`
}

function save({ input, what, text, reduced }: Finding): void {
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(`${FOLDER}/${input}.c`, reduced)
  writeFileSync(`${FOLDER}/${input}-whole.c`, text)
  console.log(`input ${input}: ${what}\nin ${FOLDER}/${input}.c:\n${reduced}\n`)
}

function tryFiles(files: readonly string[]): number {
  let faults = 0
  for (const file of files) {
    try {
      console.log(
        `${file}: ${tryInput(readFileSync(file, "utf8"), Number.parseInt(file.replace(/.*\//, ""), 10) || 1)}`,
      )
    } catch (error) {
      console.log(`${file}: ${(error as Error).stack}`)
      faults++
    }
  }
  return faults === 0 ? 0 : 1
}
