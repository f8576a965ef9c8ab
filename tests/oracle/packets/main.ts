import { createHash } from "node:crypto"
import { assemble } from "../../../src/isa/index.ts"
import { compile, interpret } from "../../../src/vm/index.ts"
import { Random } from "../../support/random.ts"
import { difference, inKernel, inMachine } from "./both.ts"
import { randomInput } from "./inputs.ts"
import { randomText } from "./randomProgram.ts"

/** Packets that each program is run on. */
const INPUTS = 8
const TYPES = ["sched_cls", "sched_cls", "xdp", "xdp.frags"] as const

/** The part of a program that is not the same in all. */
const calls = (text: string): string =>
  text
    .split("\n")
    .filter(line => !/^(r7|r1 = \*|r1 = r6)/.test(line))
    .join("; ")

/** A random program and the packets that it is run on. */
function made(seed: number) {
  const random = new Random(seed)
  const type = random.pick(TYPES)
  const kind = type === "sched_cls" ? "skb" : "xdp"
  const text = randomText(random, kind)
  const inputs = Array.from({ length: INPUTS }, () => randomInput(random, kind, type === "xdp.frags"))
  return { type, text, insns: assemble(text), inputs } as const
}

/** One program on some packets: what differs, with the program's text; empty where nothing does. */
export function tryProgram(seed: number): string {
  const { type, text, insns, inputs } = made(seed)
  const machine = inMachine(insns, type, inputs, seed % 2 === 0 ? interpret : compile)
  const real = inKernel(insns, type, inputs, machine)
  for (const [i, outcome] of machine.entries()) {
    const differs = difference(outcome, real[i])
    if (differs === "") continue
    const { data, checksumComplete, context } = inputs[i]
    const parts = [hex(data), ...(checksumComplete ? ["complete"] : []), ...(context ? [hex(context)] : [])]
    return `seed ${seed}, ${type}, input ${i}\n${parts.join(" ")}\n${differs}\n${calls(text)}\n`
  }
  return ""
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

/** What the machine makes of a program, in eight digits. */
export function digest(seed: number): string {
  const { type, insns, inputs } = made(seed)
  const sum = createHash("sha256")
  for (const outcome of inMachine(insns, type, inputs)) {
    if (typeof outcome === "number") sum.update(`${outcome}`)
    else sum.update(`${outcome.retval}`).update(outcome.data).update(outcome.context)
  }
  return sum.digest("hex").slice(0, 8)
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
