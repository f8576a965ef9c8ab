import type { BpfObject } from "../../src/object/index.ts"
import { type CodeImage, Memory } from "../../src/vm/index.ts"
import { translate } from "../../src/vm/jit/program.ts"
import { wasmPlatform } from "../../src/vm/jit/wasm/host.ts"
import { placeProgram } from "../../tests/support/vmImage.ts"
import { type First, firstTranslations } from "./firstTranslation.ts"
import { table } from "./table.ts"

const TURNS = 100

/**
 * How long it takes to make modules of programs, for 100 instructions: skep's part, and what V8 takes for `new
 * WebAssembly.Module`. Then the first program of a process, with and without the code that V8 keeps of an earlier one, in all.
 */
export function translation(objects: readonly BpfObject[]): void {
  const memory = new Memory()
  const images = objects.map(object => placeProgram(memory, object, "run").image)
  const insns = images.reduce((sum, image) => sum + image.insns.length, 0)
  const warm = warmTranslations(images)
  const each = (milliseconds: number): string => `${((milliseconds * 1e5) / insns).toFixed(1)} µs`
  console.log(`\ntranslation of 100 instructions, of ${insns} in ${images.length} programs`)
  table([
    ["", "best", "median"],
    ["skep", each(best(warm.own)), each(median(warm.own))],
    ["WebAssembly.Module", each(best(warm.module)), each(median(warm.module))],
  ])
  console.log("\nthe first program of a process")
  const row = (name: string, runs: readonly First[]): string[] => [
    name,
    ...(["own", "module", "instance"] as const).map(part => {
      const times = runs.map(run => run[part])
      return `${best(times).toFixed(2)} ms, ${median(times).toFixed(2)} ms`
    }),
  ]
  table([
    ["best, median", "skep", "WebAssembly.Module", "WebAssembly.Instance"],
    row("nothing kept", firstTranslations(false)),
    row("V8 kept code", firstTranslations(true)),
  ])
}

/** Milliseconds of every turn. */
interface Turns {
  readonly own: number[]
  readonly module: number[]
}

function warmTranslations(images: readonly CodeImage[]): Turns {
  const { Module } = wasmPlatform()!
  const turns: Turns = { own: [], module: [] }
  let modules: Uint8Array[] = []
  const makeAll = (): Uint8Array[] => images.map(image => translate(image, { verified: true }).bytes)
  for (let turn = 0; turn < TURNS; turn++) modules = makeAll()
  for (let turn = 0; turn < TURNS; turn++) {
    const start = performance.now()
    makeAll()
    turns.own.push(performance.now() - start)
  }
  for (let turn = 0; turn < TURNS; turn++) {
    const unknown = modules.map(bytes => withNumber(bytes, turn))
    const start = performance.now()
    for (const bytes of unknown) new Module(bytes)
    turns.module.push(performance.now() - start)
  }
  return turns
}

/** The same module with a number at its end: V8 finds a module that it has made before. */
function withNumber(module: Uint8Array, number: number): Uint8Array {
  const section = [0, 3, 1, 0x6e, number & 0xff]
  const all = new Uint8Array(module.length + section.length)
  all.set(module)
  all.set(section, module.length)
  return all
}

const best = (numbers: readonly number[]): number => Math.min(...numbers)
const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
