import * as isa from "../../../src/isa/index.ts"
import { progTestRun } from "../../../src/kernel/bpf/index.ts"
import { vmlinuxTypes } from "../../../src/kernel/host/index.ts"
import type { LoadedMap, TestRunInput } from "../../../src/machine/index.ts"
import type { ProgramType } from "../../../src/object/index.ts"
import { diffPackets } from "../../../src/packets/index.ts"
import { VirtualMachine } from "../../../src/vm/index.ts"
import { packets } from "../../oracle/packets/inputs.ts"
import { map, object, program } from "../../support/kernel.ts"
import { FUZZ_MAPS, initialValue, type KernelMaps, keyBytes, mapSlots } from "./maps.ts"
import type { FuzzProgram } from "./programs.ts"

/** What a run left. */
interface Left {
  readonly retval: number
  readonly data: Uint8Array
  readonly context: Uint8Array
}

const PACKETS: readonly TestRunInput[] = [{ data: packets.tcp4.bytes() }, { data: packets.arp.bytes() }]
/** Twelve arguments, small and large ones. */
const ARGUMENTS: TestRunInput = {
  context: new Uint8Array(BigUint64Array.from({ length: 12 }, (_, i) => (i % 3 === 2 ? -1n : 5n) * BigInt(i)).buffer),
}

/** What programs of a type are run on: those that the kernel runs by themselves. */
const INPUTS: Readonly<Record<string, readonly TestRunInput[]>> = {
  socket_filter: PACKETS,
  sched_cls: PACKETS,
  cgroup_skb: PACKETS,
  xdp: PACKETS,
  raw_tracepoint: [ARGUMENTS],
  syscall: [ARGUMENTS],
}
const NOTHING = new Uint8Array(0)
/** Room for what a program adds to a packet, in bytes. */
const GROWTH = 4096

/** Helpers whose results depend on nothing but the program's input. Others are not called in the running kernel: they may do something to it. */
const REPEATABLE = new Set(
  `map_lookup_elem map_update_elem map_delete_elem skb_store_bytes skb_load_bytes skb_load_bytes_relative l3_csum_replace l4_csum_replace csum_diff
  csum_update csum_level skb_vlan_push skb_vlan_pop skb_change_proto skb_change_type skb_change_tail skb_change_head skb_pull_data skb_adjust_room
  skb_ecn_set_ce set_hash set_hash_invalid xdp_adjust_head xdp_adjust_tail xdp_adjust_meta xdp_load_bytes xdp_store_bytes xdp_get_buff_len
  strtol strtoul strncmp`.split(/\s+/),
)

/** Whether a program that may not learn addresses does the same whenever it is run: what it calls does, and it does not look at the clock. */
export function isRepeatable(insns: Uint8Array): boolean {
  for (let at = 0; at < insns.length; at += insns[at] === isa.OP_LDDW ? 16 : 8) {
    const pseudo = insns[at + 1] >> 4
    if (insns[at] === isa.OP_MAY_GOTO) return false
    if (insns[at] === isa.OP_LDDW && pseudo > 2) return false
    if (insns[at] !== isa.OP_CALL || pseudo === isa.BPF_PSEUDO_CALL) continue
    const number = new DataView(insns.buffer, insns.byteOffset + at).getInt32(4, true)
    const name = isa.helperById(number)?.name ?? ""
    if (pseudo !== 0 || !REPEATABLE.has(name.replace(/^bpf_/, ""))) return false
  }
  return true
}

/** Whether there is a way to run a program. The kernel overlooks a field or two that must be zero, which our decoder does not. */
export function canRun({ type, insns }: FuzzProgram): boolean {
  try {
    return type in INPUTS && isa.decodeInsns(insns).length > 0
  } catch {
    return false
  }
}

/** What all runs of a program left, and the maps after them. */
interface Outcome {
  readonly runs: readonly Left[]
  readonly maps: readonly (Uint8Array | undefined)[]
}

/** Runs a program in the kernel, and on the embedded machine, interpreted and as WebAssembly: what differs or went wrong; empty where nothing did. */
export function runBoth(one: FuzzProgram, fd: number, maps: KernelMaps): string {
  maps.fill()
  const runs = INPUTS[one.type].map(input => inKernel(one.type, fd, input))
  // What the kernel does not run (a packet that is too short for the program's protocol) is left out.
  if (!runs.every(left => left !== undefined)) return ""
  const real: Outcome = { runs, maps: maps.content() }
  for (const machine of [interpreter, webAssembly]) {
    const outcome = inMachine(one, machine)
    const differs = isRun(outcome) ? difference(outcome, real) : outcome
    if (differs === "" || (isRun(outcome) && dependsOnStack(one))) continue
    return `${machine === interpreter ? "interpreted" : "as WebAssembly"}, ${differs}`
  }
  return ""
}

/** Runs a program on the embedded machine alone, interpreted with every access checked: what went wrong. */
export function runHere(one: FuzzProgram): string {
  const outcome = inMachine(one, interpreter)
  return isRun(outcome) ? "" : outcome
}

/** Programs may read what others left on the stack, where they stored only a part of 8 bytes: then they give something else for something else there. */
function dependsOnStack(one: FuzzProgram): boolean {
  const [first, ...others] = ["0", "-1", "0x0123456789abcdef"].map(value => {
    fillStack(value)
    return inMachine(one, interpreter)
  })
  return others.some(
    each => typeof first !== typeof each || (isRun(first) && isRun(each) && difference(first, each) !== ""),
  )
}

const isRun = (outcome: Outcome | string): outcome is Outcome => typeof outcome !== "string"

/** Leaves a value all over the frames of the interpreter's stack. */
function fillStack(value: string): void {
  const stores = Array.from({ length: 64 }, (_, i) => `*(u64 *)(r10 -${8 * i + 8}) = r2`)
  const fill = [`r2 = ${value} ll`, ...stores]
  const text = [
    ...fill,
    "r1 = 7",
    "call pc+2",
    "r0 = 0",
    "exit",
    ...fill,
    "if r1 == 0 goto pc+2",
    "r1 += -1",
    "call pc-70",
    "r0 = 0",
    "exit",
  ]
  const insns = isa.assemble(text.join("\n"))
  using loaded = interpreter.load(object({ programs: [program("f", insns, { type: "socket_filter" })] }), {
    verify: false,
  })
  loaded.program("f").testRun(PACKETS[0])
}

function inKernel(type: string, fd: number, { data, context }: TestRunInput): Left | undefined {
  const dataOut = data && new Uint8Array(data.length + GROWTH)
  // Raw tracepoints give no context back.
  const contextOut = type === "syscall" && context ? context.slice() : undefined
  const answer = progTestRun({ fd, dataIn: data, dataOut, contextIn: contextOut ?? context, contextOut })
  if (answer.result < 0) return undefined
  return {
    retval: answer.retval,
    data: dataOut?.slice(0, answer.dataSizeOut) ?? NOTHING,
    context: contextOut?.slice(0, answer.contextSizeOut) ?? NOTHING,
  }
}

function difference(machine: Outcome, real: Outcome): string {
  const found = machine.runs.map((left, i) => runDifference(left, real.runs[i])).find(text => text !== "")
  if (found !== undefined) return found
  const map = machine.maps.findIndex((value, i) => !same(value, real.maps[i]))
  return map < 0 ? "" : `value ${map} of the maps is ${hex(machine.maps[map])}, in the kernel ${hex(real.maps[map])}`
}

function runDifference(machine: Left, real: Left): string {
  if (machine.retval !== real.retval) return `the machine returns ${machine.retval}, the kernel ${real.retval}`
  if (!same(machine.data, real.data)) return `the packets differ: ${diffPackets(machine.data, real.data)}`
  return same(machine.context, real.context) ? "" : "the contexts differ"
}

const hex = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? "not there" : Buffer.from(bytes).toString("hex")

const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]))

const content = (maps: readonly LoadedMap[]): (Uint8Array | undefined)[] =>
  FUZZ_MAPS.flatMap(({ maxEntries }, i) =>
    Array.from({ length: maxEntries }, (_, key) => maps[i].lookup(keyBytes(key))),
  )

const interpreter = new VirtualMachine({ jit: false, types: vmlinuxTypes })
const webAssembly = new VirtualMachine({ types: vmlinuxTypes })

/** What a program does on a machine, or what goes wrong. */
function inMachine({ type, insns }: FuzzProgram, machine: VirtualMachine): Outcome | string {
  const decoded = isa.decodeInsns(insns)
  const index = new Map(Array.from(isa.slotStarts(decoded), (slot, i) => [slot, i]))
  const relocations = [...mapSlots(insns)].map(slot => {
    const insn = index.get(slot) as number
    const { name } = FUZZ_MAPS[decoded[insn].imm]
    const isValue = decoded[insn].src === isa.BPF_PSEUDO_MAP_VALUE
    return isValue
      ? ({ kind: "mapValue", insn, map: name, offset: Number(decoded[insn].imm64 ?? 0) } as const)
      : ({ kind: "map", insn, map: name } as const)
  })
  try {
    using loaded = machine.load(
      object({
        programs: [program("f", decoded, { type: type as ProgramType, sleepable: type === "syscall", relocations })],
        maps: FUZZ_MAPS.map(({ name, type, valueSize, maxEntries }) => map(name, type, { valueSize, maxEntries })),
      }),
    )
    const inMap = FUZZ_MAPS.map(({ name }) => loaded.map(name))
    for (const [i, one] of FUZZ_MAPS.entries()) {
      for (let key = 0; key < one.filled; key++) inMap[i].update(keyBytes(key), initialValue(one, key))
    }
    const runs = INPUTS[type].map(input =>
      loaded.program("f").testRun({ ...input, dataRoom: (input.data?.length ?? 0) + GROWTH }),
    )
    return { runs, maps: content(inMap) }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
