import assert from "node:assert/strict"
import { helperById, type Insn } from "../../../src/isa/index.ts"
import { progTestRun } from "../../../src/kernel/bpf/program.ts"
import { diffPackets } from "../../../src/packets/index.ts"
import {
  Core,
  compile,
  FixedEnvironment,
  interpret,
  Memory,
  type PacketTestInput,
  type PacketTestResult,
  packetHelpers,
  Run,
  Skb,
  type Translate,
  testRunSkb,
  testRunXdp,
  Xdp,
} from "../../../src/vm/index.ts"
import { kernel, object, program } from "../../support/kernel.ts"

/** Types of programs that packets are run through. */
export type PacketProgram = "sched_cls" | "socket_filter" | "xdp" | "xdp.frags" | "cgroup_skb" | "lwt_xmit"

/** What a run gave; a number is −errno. */
export type Outcome = PacketTestResult | number

const CHECKSUM_COMPLETE = 4
/** Room for what a program adds to a packet, in bytes. */
const GROWTH = 20_000

/** What the machine says of a packet whose sum the program left wrong. */
const WRONG_SUM = -74

/**
 * What the kernel makes of each input. Where the machine says that the sum is wrong, it is not asked: Linux 6.18 stops with a BUG when it adds
 * up a packet that the program made end in front of its network header.
 */
export function inKernel(
  insns: readonly Insn[],
  type: PacketProgram,
  inputs: readonly PacketTestInput[],
  machine: readonly Outcome[],
): Outcome[] {
  using loaded = kernel().load(
    object({ programs: [program("f", insns, type === "xdp.frags" ? { type: "xdp", frags: true } : { type })] }),
  )
  const { fd } = loaded.program("f")
  return inputs.map(({ data, context, repeat, checksumComplete }, i) => {
    if (machine[i] === WRONG_SUM) return WRONG_SUM
    const dataOut = new Uint8Array(data.length + GROWTH)
    const contextOut = context && new Uint8Array(context.length)
    const flags = checksumComplete ? CHECKSUM_COMPLETE : 0
    const answer = progTestRun({ fd, dataIn: data, dataOut, contextIn: context, contextOut, repeat, flags })
    if (answer.result < 0) return answer.result
    return {
      retval: answer.retval,
      data: dataOut.slice(0, answer.dataSizeOut),
      context: contextOut?.slice(0, answer.contextSizeOut) ?? new Uint8Array(0),
    }
  })
}

/** The same on the embedded machine: interpreted, or as WebAssembly. */
export function inMachine(
  insns: readonly Insn[],
  type: PacketProgram,
  inputs: readonly PacketTestInput[],
  translate: Translate = interpret,
): Outcome[] {
  const { run, skb, xdp } = (machine ??= makeMachine())
  const helper = (number: number) => packetHelpers[(helperById(number)?.name ?? "").replace(/^bpf_/, "")]
  const code = translate({ name: "f", insns, kfuncs: [], helper, probes: new Uint8Array(2 * insns.length) })
  const isXdp = type.startsWith("xdp")
  const runnable = { kind: "program", name: "f", type: isXdp ? "xdp" : type, code } as const
  return inputs.map(input => (isXdp ? testRunXdp(run, xdp, runnable, input) : testRunSkb(run, skb, runnable, input)))
}

/** One machine for all programs: what one leaves in its memory must not matter to the next. */
let machine: ReturnType<typeof makeMachine> | undefined

function makeMachine() {
  const memory = new Memory()
  const run = new Run(new Core(memory, new FixedEnvironment(), 1_000_000))
  return { run, skb: new Skb(memory), xdp: new Xdp(memory) }
}

/** What tells two outcomes apart, for people; empty where they are the same. */
export function difference(machine: Outcome, real: Outcome): string {
  if (typeof machine === "number" || typeof real === "number") {
    return machine === real ? "" : `the machine gives ${told(machine)}, the kernel ${told(real)}`
  }
  const parts: string[] = []
  if (machine.retval !== real.retval)
    parts.push(`the machine returns ${hex(machine.retval)}, the kernel ${hex(real.retval)}`)
  const packet = diffPackets(machine.data, real.data)
  if (packet !== "") parts.push(packet)
  const words = (bytes: Uint8Array): number[] => [...new Uint32Array(bytes.slice(0, bytes.length & ~3).buffer)]
  const [mine, other] = [words(machine.context), words(real.context)]
  for (const [i, word] of other.entries()) {
    if (mine[i] !== word) parts.push(`context byte ${4 * i}: ${hex(mine[i])}, expected ${hex(word)}`)
  }
  return parts.join("\n")
}

const told = (outcome: Outcome): string => (typeof outcome === "number" ? `error ${-outcome}` : hex(outcome.retval))
const hex = (value: number | undefined): string => `0x${(value ?? 0).toString(16)}`

/** Both give the same for every input. */
export function assertSame(insns: readonly Insn[], type: PacketProgram, inputs: readonly PacketTestInput[]): void {
  const real = inKernel(insns, type, inputs, inMachine(insns, type, inputs))
  for (const translate of [interpret, compile]) {
    for (const [i, outcome] of inMachine(insns, type, inputs, translate).entries()) {
      assert.equal(difference(outcome, real[i]), "", `${translate.name}, input ${i}`)
    }
  }
}
