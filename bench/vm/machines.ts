import { SkepError } from "../../src/base/index.ts"
import { generate } from "../../src/codegen/index.ts"
import { lower } from "../../src/ir/index.ts"
import type { LoadedProgram } from "../../src/machine/index.ts"
import type { BpfObject } from "../../src/object/index.ts"
import { optimise } from "../../src/opt/index.ts"
import { type Code, Core, FixedEnvironment, Memory, Run, type Translate } from "../../src/vm/index.ts"
import { kernel } from "../../tests/support/kernel.ts"
import { unitOf } from "../../tests/support/lowerC.ts"
import { placeProgram } from "../../tests/support/vmImage.ts"
import { COMPARED, type Measured } from "./native.ts"
import type { MicroProgram } from "./programs.ts"

/** The program as skep compiles it. */
export function objectOf({ text }: MicroProgram): BpfObject {
  const module = lower(unitOf(text))
  optimise(module)
  return generate(module, { cpu: 4 })
}

/** By the kernel's own translation to machine code; undefined where the verifier cannot follow so many turns. */
export function runInKernel(object: BpfObject): Measured | undefined {
  using loaded = kernel().load(object, { lazy: true })
  let program: LoadedProgram
  try {
    program = loaded.program("run", { type: "socket_filter" })
  } catch (error) {
    if (error instanceof SkepError && error.code === "KERNEL_VERIFIER") return undefined
    throw error
  }
  const data = new Uint8Array(64)
  const results = Array.from({ length: COMPARED }, () => program.testRun({ data }).retval)
  let ns = Number.POSITIVE_INFINITY
  for (let i = 0; i < 10; i++) ns = Math.min(ns, program.testRun({ data, repeat: 1000 }).duration)
  return { results, ns }
}

/** A run on the embedded machine, and how its times changed. */
export interface MeasuredWarm extends Measured {
  /** Milliseconds until it was within a tenth of its best time. */
  readonly warm: number
  /** Nanoseconds of the first call. */
  readonly first: number
}

/** On the embedded machine, for about so many milliseconds. */
export function runInVm(object: BpfObject, translate: Translate, milliseconds: number): MeasuredWarm {
  const memory = new Memory()
  const run = new Run(new Core(memory, new FixedEnvironment(), 2 ** 31 - 1))
  const context = memory.allocate(192, "context")
  const { image } = placeProgram(memory, object, "run")
  const code: Code = translate(image)
  const runnable = { kind: "program", name: "run", type: "socket_filter", code } as const
  const start = performance.now()
  const results = [run.start(runnable, context) >>> 0]
  const first = (performance.now() - start) * 1e6
  for (let i = 1; i < COMPARED; i++) results.push(run.start(runnable, context) >>> 0)
  const batches: { readonly at: number; readonly ns: number }[] = []
  do {
    const before = performance.now()
    let count = 0
    do {
      for (let i = 0; i < 8; i++) run.start(runnable, context)
      count += 8
    } while (performance.now() - before < 3)
    batches.push({ at: before - start, ns: ((performance.now() - before) * 1e6) / count })
  } while (performance.now() - start < milliseconds)
  const ns = Math.min(...batches.map(b => b.ns))
  return { results, ns, first, warm: batches.find(b => b.ns < ns * 1.1)!.at }
}
