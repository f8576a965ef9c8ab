import { compile, interpret } from "../../src/vm/index.ts"
import { objectOf, runInKernel, runInVm } from "./machines.ts"
import { type Measured, runNative } from "./native.ts"
import { measureOperations } from "./operations.ts"
import { type MicroProgram, microPrograms } from "./programs.ts"
import { table } from "./table.ts"
import { translation } from "./translation.ts"

/** The ways that a program is run, in the order of the columns. */
const WAYS = ["native", "no vectors", "kernel", "JIT", "checked", "interpreter"] as const
type Way = (typeof WAYS)[number]

/** A program's times, and milliseconds until the JIT's was within a tenth of its best. */
interface Row {
  readonly name: string
  readonly ways: Readonly<Record<Way, Measured | undefined>>
  readonly warm: number
}

/**
 * The same C by gcc -O2 (and without vectors, which BPF does not have), by skep and the kernel's own
 * translation, and by skep on the embedded machine: as WebAssembly when a verifier has seen it, with a budget for loops when
 * none has, and interpreted; then operations on maps and other helpers. `words` choose programs;
 * `translation` asks for the time of translation only.
 */
export async function main(words: readonly string[]): Promise<number> {
  if (words.includes("translation")) {
    translation(microPrograms.map(objectOf))
    return 0
  }
  const chosen = microPrograms.filter(p => words.length === 0 || words.some(word => p.name.includes(word)))
  const right = chosen.length === 0 || compareWithNative(chosen)
  await measureOperations(words)
  return right ? 0 : 1
}

/** Whether all ways gave the same. */
function compareWithNative(chosen: readonly MicroProgram[]): boolean {
  const rows = chosen.map(measure)
  table([
    ["", ...WAYS, "warm after"],
    ...rows.map(({ name, ways, warm }) => [name, ...WAYS.map(way => time(ways[way]?.ns)), `${warm.toFixed(0)} ms`]),
  ])
  for (const base of ["native", "no vectors"] as const) {
    console.log(`\ntimes of ${base === "native" ? "gcc -O2" : "gcc -O2 without vectors"}`)
    table([
      ["", ...WAYS],
      ...rows.map(row => [row.name, ...WAYS.map(way => ratio(row, way, base)?.toFixed(2) ?? "–")]),
      ["geometric mean", ...WAYS.map(way => mean(rows.flatMap(row => ratio(row, way, base) ?? [])))],
    ])
  }
  translation(chosen.map(objectOf))
  return rows.filter(isWrong).length === 0
}

function measure(program: MicroProgram): Row {
  const object = objectOf(program)
  const jit = runInVm(object, image => compile(image, { verified: true }), 600)
  const ways = {
    native: runNative(program),
    "no vectors": runNative(program, ["-fno-tree-vectorize"]),
    kernel: process.getuid?.() === 0 ? runInKernel(object) : undefined,
    JIT: jit,
    checked: runInVm(object, image => compile(image), 400),
    interpreter: runInVm(object, interpret, 3000),
  }
  return { name: program.name, ways, warm: jit.warm }
}

/** Says which ways gave something else than the interpreter. */
function isWrong({ name, ways }: Row): boolean {
  const right = ways.interpreter?.results.join()
  const wrong = WAYS.filter(way => ways[way] !== undefined && ways[way].results.join() !== right)
  for (const way of wrong) console.log(`${name}, ${way}: ${ways[way]?.results.join(" ")} is not ${right}`)
  return wrong.length > 0
}

const ratio = ({ ways }: Row, way: Way, base: Way): number | undefined => {
  const [mine, other] = [ways[way]?.ns, ways[base]?.ns]
  return mine === undefined || other === undefined ? undefined : mine / other
}

const mean = (numbers: readonly number[]): string =>
  numbers.length === 0 ? "–" : Math.exp(numbers.reduce((sum, n) => sum + Math.log(n), 0) / numbers.length).toFixed(2)

const time = (ns: number | undefined): string => (ns === undefined ? "–" : `${(ns / 1000).toFixed(2)} µs`)
