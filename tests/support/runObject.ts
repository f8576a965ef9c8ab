import type { BpfObject } from "../../src/object/index.ts"
import { Core, FixedEnvironment, type Helper, interpret, Memory, Run } from "../../src/vm/index.ts"
import type { HelperCall } from "./irInterp.ts"
import { placeProgram } from "./vmImage.ts"

/** Memory as a helper has it: 8 bytes at an address. */
export interface HelperMemory {
  read(address: bigint, width: number): bigint
  write(address: bigint, width: number, value: bigint): void
}

/** What stands for helpers: by number and arguments. */
export type AnyHelper = (call: HelperCall, memory: HelperMemory) => bigint

/** What a program calls. */
export interface ObjectCalls {
  /** What helpers give. */
  readonly helper: AnyHelper
  /** Numbers of those that there are. */
  readonly helpers: readonly number[]
}

/**
 * Runs a program of an object on the embedded machine's interpreter, whatever its type: r0. An argument that is bytes is put in memory and passed by
 * address. Accesses outside of what was allocated are faults; what registers hold that a call has taken is not looked at: `check` of `generate` does that.
 */
export function runObject(
  object: BpfObject,
  name: string,
  args: readonly (bigint | Uint8Array)[],
  calls?: ObjectCalls,
): bigint {
  const memory = new Memory()
  const run = new Run(new Core(memory, new FixedEnvironment(), 10_000_000))
  const given = Object.fromEntries(calls?.helpers.map(id => [id, asHelper(id, calls.helper)]) ?? [])
  const { image } = placeProgram(memory, object, name, given)
  const words = args.flatMap(arg => {
    if (!(arg instanceof Uint8Array)) return wordsOf(arg)
    const at = memory.allocate(arg.length, "an argument")
    memory.u8.set(arg, at)
    return [at, run.pointer(at) === 0 ? 0 : run.high]
  })
  const runnable = { kind: "program", name, type: "socket_filter", code: interpret(image) } as const
  const low = run.startAt(runnable, 0, words)
  return wordOf(low, run.high)
}

const wordOf = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
const wordsOf = (value: bigint): [low: number, high: number] => [
  Number(BigInt.asIntN(32, value)),
  Number(BigInt.asIntN(32, value >> 32n)),
]

function asHelper(id: number, helper: AnyHelper): Helper {
  return (run, ...words) => {
    const args = Array.from({ length: 5 }, (_, i) => wordOf(words[2 * i], words[2 * i + 1]))
    const at = (address: bigint): number => run.writable(...wordsOf(address), 8)
    const memory: HelperMemory = {
      read: address => run.memory.view.getBigUint64(at(address), true),
      write: (address, _width, value) => run.memory.view.setBigUint64(at(address), value, true),
    }
    return run.big(helper({ id, name: `helper_${id}`, args }, memory))
  }
}
