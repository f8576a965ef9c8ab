import { BPF } from "../../src/bpf/index.ts"
import type { EventReader } from "../../src/machine/index.ts"
import { VirtualMachine, VmProgram } from "../../src/vm/index.ts"
import { kernel } from "../../tests/support/kernel.ts"
import { type Operation, operations, TURNS } from "./operationPrograms.ts"
import { table } from "./table.ts"

/** Nanoseconds of one operation, by the way it is run. */
interface Row {
  readonly name: string
  readonly kernel: number | undefined
  readonly jit: number
  readonly interpreter: number
}

/** What an operation on a map, or another helper, costs: by the kernel's own translation, as WebAssembly, and interpreted. */
export async function measureOperations(words: readonly string[]): Promise<void> {
  const chosen = operations.filter(
    ({ name }) => words.length === 0 || words.includes("operations") || words.some(word => name.includes(word)),
  )
  if (chosen.length === 0) return
  const rows: Row[] = []
  for (const operation of chosen) {
    rows.push({
      name: operation.name,
      kernel: process.getuid?.() === 0 ? await inKernel(operation) : undefined,
      jit: await inVm(operation, true, 400),
      interpreter: await inVm(operation, false, 400),
    })
  }
  console.log("\nnanoseconds of an operation")
  const ns = (value: number | undefined): string => value?.toFixed(1) ?? "–"
  table([
    ["", "kernel", "JIT", "interpreter", "JIT / kernel"],
    ...rows.map(({ name, kernel, jit, interpreter }) => {
      const ratio = kernel === undefined ? "–" : (jit / kernel).toFixed(2)
      return [name, ns(kernel), ns(jit), ns(interpreter), ratio]
    }),
  ])
}

const loadOptions = { autoAttach: false } as const

/** The loop alone is the same everywhere, and a few tenths of a nanosecond. */
async function inKernel({ text, events }: Operation): Promise<number> {
  using bpf = await BPF.load({ text, machine: kernel(), ...loadOptions })
  const program = bpf.program("run", { type: "socket_filter" })
  const reader = events ? bpf.table("events").map.events() : undefined
  const data = new Uint8Array(64)
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 15; i++) {
    const { duration } = program.testRun({ data, repeat: 100 })
    best = Math.min(best, duration / TURNS)
    drain(reader)
  }
  return best
}

async function inVm({ text, events }: Operation, jit: boolean, milliseconds: number): Promise<number> {
  using bpf = await BPF.load({ text, machine: new VirtualMachine({ jit }), ...loadOptions })
  const program = bpf.program("run", { type: "socket_filter" })
  if (!(program instanceof VmProgram)) throw new Error("the program is on another machine")
  const reader = events ? bpf.table("events").map.events() : undefined
  const { core } = program.context
  const context = core.memory.allocate(192, "context")
  const run = core.takeRun()
  const start = performance.now()
  let best = Number.POSITIVE_INFINITY
  do {
    const before = performance.now()
    for (let i = 0; i < 100; i++) run.start(program.runnable, context)
    best = Math.min(best, ((performance.now() - before) * 1e6) / (100 * TURNS))
    drain(reader)
  } while (performance.now() - start < milliseconds)
  return best
}

function drain(reader: EventReader | undefined): void {
  while (reader !== undefined && reader.take().count > 0);
}
