import { assemble } from "../../../src/isa/index.ts"
import { compile, interpret } from "../../../src/vm/index.ts"
import { Random } from "../../support/random.ts"
import { difference, inKernel, inMachine } from "./both.ts"
import { randomInput } from "./inputs.ts"
import { randomText } from "./randomProgram.ts"

/** Packets that each program is run on. */
const INPUTS = 8
const TYPES = ["sched_cls", "sched_cls", "xdp"] as const

/** The part of a program that is not the same in all. */
const calls = (text: string): string =>
  text
    .split("\n")
    .filter(line => !/^(r7|r1 = \*|r1 = r6)/.test(line))
    .join("; ")

/** One program on some packets: what differs, with the program's text; empty where nothing does. */
export function tryProgram(seed: number): string {
  const random = new Random(seed)
  const type = random.pick(TYPES)
  const kind = type === "xdp" ? "xdp" : "skb"
  const text = randomText(random, kind)
  const insns = assemble(text)
  const inputs = Array.from({ length: INPUTS }, () => randomInput(random, kind))
  const real = inKernel(insns, type, inputs)
  const machine = inMachine(insns, type, inputs, seed % 2 === 0 ? interpret : compile)
  for (const [i, outcome] of machine.entries()) {
    const differs = difference(outcome, real[i])
    if (differs !== "") {
      const { data, checksumComplete, context } = inputs[i]
      const input = `${Buffer.from(data).toString("hex")}${checksumComplete ? " complete" : ""}${context ? ` ${Buffer.from(context).toString("hex")}` : ""}`
      return `seed ${seed}, ${type}, input ${i}\n${input}\n${differs}\n${calls(text)}\n`
    }
  }
  return ""
}

/** Random programs of packet helpers, here and in the kernel: `SKEP_COUNT` programs from `SKEP_SEED` on. */
export async function main(): Promise<number> {
  const count = Number(process.env.SKEP_COUNT ?? 2000)
  const first = Number(process.env.SKEP_SEED ?? 1)
  const wrong: string[] = []
  for (let seed = first; seed < first + count && wrong.length < 5; seed++) {
    const told = tryProgram(seed)
    if (told !== "") wrong.push(told)
  }
  for (const told of wrong) console.log(told)
  console.log(
    `${count} programs on ${INPUTS} packets each: ${wrong.length === 0 ? "the same in both" : `${wrong.length} differ`}`,
  )
  return wrong.length === 0 ? 0 : 1
}
