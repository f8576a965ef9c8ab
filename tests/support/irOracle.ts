import type { Module } from "../../src/ir/index.ts"
import { type IrHelperCall, interpret, type Memory } from "./irInterp.ts"
import { PARAM_BYTES } from "./irRandom.ts"
import { Random } from "./random.ts"

/** What a run of a random module did, as lines: what helpers were given, volatile accesses, the result, memory others can see. */
export type Outcome = readonly string[]

/**
 * Runs a module of `randomModule` on a few inputs. What may differ between correct transformations (names of addresses, calls of helpers that
 * only compute an answer) is not in the outcome. Undefined when it takes too long; a fault is thrown.
 */
export function outcomes(module: Module, steps = 60_000): Outcome[] | undefined {
  const result: Outcome[] = []
  for (let input = 0; input < 3; input++) {
    const outcome = run(module, input, steps)
    if (outcome === undefined) return undefined
    result.push(outcome)
  }
  return result
}

function run(module: Module, input: number, steps: number): Outcome | undefined {
  const random = new Random(input)
  const bytes = Uint8Array.from({ length: PARAM_BYTES }, () => (input === 0 ? 0 : random.below(256)))
  const a = input === 0 ? 0 : random.below(input === 1 ? 9 : 2 ** 32)
  const b = input === 0 ? 1n : (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32))
  const func = module.functions.find(f => f.name === "f")!
  const packet = Uint8Array.from({ length: 24 }, (_, i) => i * 37)
  const fill = [0xa5, 0, 0xff][input]
  try {
    const { value, trace, globals } = interpret(func, [bytes, a, b], {
      module,
      helper: helpers(),
      packet,
      steps,
      fill,
      undef: BigInt(fill) * 0x0101010101010101n,
    })
    return [
      ...trace.filter(line => !line.endsWith(")")),
      `returns ${value}`,
      `memory ${hex(bytes)}`,
      ...[...globals].map(([name, content]) => `${name} ${hex(content)}`),
    ]
  } catch (e) {
    if ((e as Error).message.includes("too many steps")) return undefined
    throw e
  }
}

/** Plays the helpers that random modules call. */
function helpers(): (call: IrHelperCall, memory: Memory) => bigint | number {
  const values: bigint[] = []
  return ({ id, name, args, callback, say }, memory) => {
    const show = (address: bigint, size: number) => hex(memory.bytes(address, size))
    switch (id) {
      case 1: {
        if (values.length === 0)
          for (let i = 0; i < 3; i++) values.push(memory.add(`value ${i}`, new Uint8Array(16).fill(i * 0x41)))
        const key = memory.bytes(args[1], 4).reduce((sum, byte) => sum + byte, 0)
        return values[key % 4] ?? 0n
      }
      case 2:
        say(`update ${show(args[1], 4)} ${show(args[2], 16)} ${args[3]}`)
        return 0
      case 4:
      case 112:
      case 113: {
        const to = memory.bytes(args[0], Number(args[1]), true)
        // The same bytes at the same place, however often it is read: a read that nobody needs may go.
        const random = new Random(Number(BigInt.asUintN(32, args[2] * 31n + args[1] + BigInt(id))))
        // A failing read fills with zeros, as the kernel's do.
        const fails = random.chance(0.2)
        for (let i = 0; i < to.length; i++) to[i] = fails ? 0 : random.below(256)
        return fails ? -14 : 0
      }
      case 5:
        return 123_456_789_000n
      case 8:
        return 3
      case 14:
        return 0x0000_04d2_0000_04d3n
      case 25:
        say(`output ${args[2]} ${show(args[3], Number(args[4]))}`)
        return 0
      case 181: {
        let i = 0n
        while (i < args[0] && callback(args[1], [i++, args[2]]) === 0n);
        return i
      }
      default:
        say(`${name} ${args.join(" ")}`)
        return 0
    }
  }
}

function hex(bytes: Uint8Array): string {
  let out = ""
  for (const byte of bytes) out += byte.toString(16).padStart(2, "0")
  return out
}
