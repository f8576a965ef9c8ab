import { type CpuLevel, generate } from "../../src/codegen/index.ts"
import type { Module } from "../../src/ir/index.ts"
import { Core, compile, FixedEnvironment, interpret, Memory, Run, type Translate } from "../../src/vm/index.ts"
import { placeProgram } from "../support/vmImage.ts"
import type { Arguments } from "./native.ts"

/** The ways the embedded machine runs a program. */
export const executors: readonly (readonly [string, Translate])[] = [
  ["interpreted", interpret],
  ["as WebAssembly", image => compile(image)],
  ["as WebAssembly, verified", image => compile(image, { verified: true })],
]

/** What the function of `compileFunction` gives on the embedded machine. */
export function runInVm(module: Module, cpu: CpuLevel, tried: readonly Arguments[], translate: Translate): bigint[] {
  const memory = new Memory()
  const run = new Run(new Core(memory, new FixedEnvironment(), 100_000_000))
  const context = memory.allocate(192, "context")
  const { image, data } = placeProgram(memory, generate(module, { cpu }), "run")
  const io = data.get(".data.io")!
  const runnable = { kind: "program", name: "run", type: "socket_filter", code: translate(image) } as const
  return tried.map(args => {
    args.forEach((value, i) => {
      memory.view.setBigUint64(io + 8 * i, value, true)
    })
    run.start(runnable, context)
    return memory.view.getBigUint64(io + 24, true)
  })
}
