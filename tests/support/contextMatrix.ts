import assert from "node:assert/strict"
import * as isa from "../../src/isa/index.ts"
import { contextAccess, contextSize } from "../../src/verifier/contexts/index.ts"
import { runningKernel } from "./kernelVersion.ts"
import { type Answer, ask, type Place } from "./verifierPlaces.ts"

const SIZES = [
  [1, isa.BPF_B],
  [2, isa.BPF_H],
  [4, isa.BPF_W],
  [8, isa.BPF_DW],
] as const

/** How the log of the kernel shows what a read has given. */
const PRINTED: Readonly<Record<string, RegExp>> = {
  scalar: /^(scalar|\d)/,
  packet: /^pkt\(/,
  packet_meta: /^pkt_meta\(/,
  packet_end: /^pkt_end\(/,
  socket: /^sock\(/,
  "socket?": /^sock_or_null\(/,
  "sock_common?": /^sock_common_or_null\(/,
  flow_keys: /^flow_keys\(/,
  tp_buffer: /^tp_buffer\(/,
}

/** What R0 is after the first instruction, as the log prints it. */
const firstR0 = (answer: Answer): string => /^0: .*; R0(?:_w)?=(.*?)(?: R\d|$)/m.exec(answer.log)?.[1] ?? ""

/** Holds that each access to a place's context is allowed exactly where the running kernel allows it, and gives the same. `offsets` chooses. */
export function checkContext(place: Place, offsets: (end: number) => Iterable<number>): void {
  const wrong: string[] = []
  for (const offset of offsets(contextSize(place.type))) {
    for (const [size, width] of SIZES) {
      if (offset % size !== 0 && offset % 8 !== 1) continue
      for (const write of [false, true]) {
        const value = contextAccess(
          { type: place.type, attachType: place.attachType, kernel: runningKernel() },
          { offset, size, write },
        )
        const access = write ? isa.storeReg(width, 1, 0, offset) : isa.loadMem(width, 0, 1, offset)
        const before = write ? [isa.mov64Imm(0, 0)] : []
        const answer = ask(place, [...before, access, isa.mov64Imm(0, 1), isa.exit()], { logLevel: 2 })
        const refused = /invalid bpf_context access|cannot write into|negative offset|misaligned|is not multiple/.test(
          answer.log,
        )
        const name = `${write ? "write" : "read"} of ${size} at ${offset}`
        if (refused !== (value === undefined)) wrong.push(`${name}: ${refused ? "refused" : "allowed"}`)
        else if (value !== undefined && !write && value.kind !== "btf") {
          const kind = `${value.kind}${value.nullable ? "?" : ""}`
          if (!PRINTED[kind].test(firstR0(answer))) wrong.push(`${name}: ${firstR0(answer)}, not ${kind}`)
        }
      }
    }
  }
  assert.deepEqual(wrong, [])
}
