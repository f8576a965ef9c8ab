import { compile, interpret } from "../../src/vm/index.ts"
import { objectOf, runInKernel, runInVm } from "./machines.ts"
import { runNative } from "./native.ts"
import { microPrograms } from "./programs.ts"
import { translation } from "./translation.ts"

/** The same C by gcc -O2, by skep and the kernel's own translation, and by skep on the embedded machine. */
export function main(words: readonly string[]): number {
  const chosen = microPrograms.filter(p => words.length === 0 || words.some(word => p.name.includes(word)))
  const rows = [
    [
      "",
      "native",
      "kernel",
      "JIT",
      "checked",
      "interpreter",
      "",
      "kernel",
      "JIT",
      "checked",
      "interpreter",
      "warm after",
    ],
  ]
  const ratios: number[][] = [[], [], [], []]
  let wrong = 0
  for (const program of chosen) {
    const object = objectOf(program)
    const native = runNative(program)
    const inKernel = process.getuid?.() === 0 ? runInKernel(object) : undefined
    const compiled = runInVm(object, image => compile(image, { verified: true }), 600)
    const checked = runInVm(object, image => compile(image), 400)
    const interpreted = runInVm(object, interpret, 200)
    const all = [inKernel, compiled, checked, interpreted]
    for (const one of all) {
      if (one === undefined || one.results.join() === (native ?? interpreted).results.join()) continue
      wrong++
      console.log(`${program.name}: ${one.results.join(" ")} is not ${(native ?? interpreted).results.join(" ")}`)
    }
    const ratio = (ns: number | undefined, k: number): string => {
      if (ns === undefined || native === undefined) return "–"
      ratios[k].push(ns / native.ns)
      return `${(ns / native.ns).toFixed(2)} ×`
    }
    rows.push([
      program.name,
      time(native?.ns),
      ...all.map(one => time(one?.ns)),
      "",
      ...all.map((one, k) => ratio(one?.ns, k)),
      `${compiled.warm.toFixed(0)} ms`,
    ])
  }
  const means = ratios.map(list => (list.length === 0 ? "–" : `${geometricMean(list).toFixed(2)} ×`))
  rows.push(["geometric mean", "", "", "", "", "", "", ...means, ""])
  print(rows)
  translation(chosen.map(objectOf))
  return wrong === 0 ? 0 : 1
}

const geometricMean = (numbers: readonly number[]): number =>
  Math.exp(numbers.reduce((sum, n) => sum + Math.log(n), 0) / numbers.length)

const time = (ns: number | undefined): string => (ns === undefined ? "–" : `${(ns / 1000).toFixed(2)} µs`)

function print(rows: readonly (readonly string[])[]): void {
  const widths = rows[0].map((_, i) => Math.max(...rows.map(row => row[i].length)))
  for (const row of rows)
    console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "))
}
