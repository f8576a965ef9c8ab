import { SkepError } from "../../src/base/index.ts"
import { type CpuLevel, generate } from "../../src/codegen/index.ts"
import { lower, type Module } from "../../src/ir/index.ts"
import type { Machine } from "../../src/machine/index.ts"
import { optimise } from "../../src/opt/index.ts"
import { kernel } from "../support/kernel.ts"
import { unitOf } from "../support/lowerC.ts"
import type { OracleFunction } from "./functions.ts"
import { type Arguments, oracleText } from "./native.ts"

/** A socket filter that takes its arguments from global data and leaves the result there. */
export function compileFunction(f: OracleFunction): Module {
  const text = `${oracleText(f, "oracle").replace(/\nu64 oracle\(/, "\nstatic u64 oracle(")}
static struct { u64 in[3]; u64 out; } io __attribute__((section(".data.io")));
int run(void *context) { io.out = oracle(io.in[0], io.in[1], io.in[2]); return 0; }
`
  const module = lower(unitOf(text))
  optimise(module)
  return module
}

/** What the function gives in the kernel. */
export const runInKernel = (module: Module, cpu: CpuLevel, tried: readonly Arguments[]): bigint[] =>
  runOn(kernel(), module, cpu, tried)

/** What the function gives on a machine. */
export function runOn(machine: Machine, module: Module, cpu: CpuLevel, tried: readonly Arguments[]): bigint[] {
  using loaded = machine.load(generate(module, { cpu }), { lazy: true })
  const program = loaded.program("run", { type: "socket_filter" })
  const data = loaded.map(".data.io")
  const key = new Uint8Array(4)
  return tried.map(args => {
    data.update(key, new Uint8Array(BigUint64Array.of(...args, 0n).buffer))
    program.testRun({ data: new Uint8Array(64) })
    const value = data.lookup(key) as Uint8Array
    return new DataView(value.buffer, value.byteOffset).getBigUint64(24, true)
  })
}

/** The verifier follows every path; a random program may have more of them than it is ready to follow, or more state than the stack holds. */
export const tooComplex = (e: unknown): boolean =>
  e instanceof SkepError &&
  (e.code === "CODEGEN_STACK" || /too large|too complex|infinite loop|E2BIG/i.test(`${e.message} ${e.log}`))
