import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../../../../tests/support/random.ts"
import { ethernet } from "../../../packets/index.ts"
import { KERNEL } from "../../address.ts"
import { Core } from "../../core.ts"
import { FixedEnvironment } from "../../environment.ts"
import { Fault, ProgramExit } from "../../fault.ts"
import { Memory } from "../../memory.ts"
import { LOOPBACK } from "../../packet/device.ts"
import { Network } from "../../packet/network.ts"
import { Skb } from "../../packet/skb.ts"
import { Xdp } from "../../packet/xdp.ts"
import { Run } from "../../run.ts"
import { packetHelpers } from "./index.ts"

const packet = ethernet().ipv4().tcp().payload(100).bytes()

/** A run with a packet of the network stack, of XDP, or with none. */
function runWith(kind: "skb" | "xdp" | "none"): { run: Run; reset: () => void; stack: number } {
  const memory = new Memory()
  const network = new Network({
    devices: [{ index: 2 }],
    routes: [{ to: "default", device: 2 }],
    sockets: [{ protocol: "tcp", port: 80 }],
  })
  const run = new Run(new Core(memory, new FixedEnvironment({ network }), 1000))
  run.program = { kind: "program", name: "f", type: "sched_cls", code: { invoke: () => 0 } }
  const [skb, xdp] = [new Skb(memory), new Xdp(memory)]
  run.packet = { skb, xdp, none: undefined }[kind]
  const reset = (): void => {
    for (const one of [skb, xdp]) memory.u8.set(packet, one.place(packet.length))
    skb.receive(LOOPBACK, true)
    xdp.receive(LOOPBACK)
  }
  reset()
  return { run, reset, stack: memory.allocate(512, "stack") }
}

/** Words that arguments may have: small ones, borders, addresses and anything. */
function word(random: Random, stack: number): number {
  const some = [0, 1, 2, 4, 20, 44, 64, -1, -4, 0xffff, 0x10000, 0x7fffffff, -0x80000000, stack, stack + 500]
  return random.chance(0.8) ? random.pick(some) : random.below(2 ** 32) | 0
}

for (const kind of ["skb", "xdp", "none"] as const) {
  test(`whatever helpers are called with, they answer or end the run (${kind})`, () => {
    const { run, reset, stack } = runWith(kind)
    const random = new Random(3)
    for (const [name, helper] of Object.entries(packetHelpers)) {
      for (let i = 0; i < 400; i++) {
        const low = Array.from({ length: 5 }, () => word(random, stack))
        const high = low.map(value => (value === stack ? KERNEL : random.pick([0, 0, 0, -1, KERNEL])))
        run.high = 0
        try {
          const args = low.flatMap((value, k) => [value, high[k]])
          const result = helper(run, ...(args as Parameters<typeof helper> extends [Run, ...infer A] ? A : never))
          assert.ok(Number.isInteger(result), `${name} gives ${result}`)
        } catch (error) {
          if (!(error instanceof Fault || error instanceof ProgramExit))
            throw new Error(`${name}(${low})`, { cause: error })
        }
        if (random.chance(0.2)) reset()
      }
    }
  })
}
