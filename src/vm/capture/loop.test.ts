import assert from "node:assert/strict"
import { test } from "node:test"
import { imageOf } from "../../../tests/support/vmCode.ts"
import { helperName } from "../../isa/index.ts"
import { type CaptureOptions, ethernet, LINK_TYPES, type Packet, writeCapture } from "../../packets/index.ts"
import {
  CaptureLoop,
  type CaptureLoopOptions,
  Core,
  captureSteps,
  FixedEnvironment,
  interpret,
  Memory,
  packetHelpers,
  type Runnable,
} from "../index.ts"

const udp = (port: number, length = 10): Uint8Array =>
  ethernet().ipv4().udp({ destinationPort: port }).payload(length).bytes()

const memory = (): Memory => new Memory()

/** A program in assembler text. */
function program(type: string, text: string, name = type): Runnable {
  const helper = (number: number) => packetHelpers[helperName(number)?.slice("bpf_".length) ?? ""]
  const image = { ...imageOf(`${text.replaceAll("; ", "\n")}\nexit`), helper }
  return { kind: "program", name, type, code: interpret(image) }
}

/** Runs programs over packets; what passed and how often which verdict was given. */
function over(
  programs: readonly Runnable[],
  packets: readonly (Packet | Uint8Array)[],
  { size = 1000, capture = {}, ...options }: CaptureLoopOptions & { size?: number; capture?: CaptureOptions } = {},
) {
  const core = new Core(memory(), new FixedEnvironment(), 1_000_000)
  const passed: Uint8Array[] = []
  const loop = new CaptureLoop(core.memory, captureSteps(core, programs), {
    onPassed: packet => passed.push(packet.bytes.slice(packet.start, packet.start + packet.captured)),
    ...options,
  })
  const file = writeCapture(packets, capture)
  for (let at = 0; at < file.length; at += size) loop.push(file.subarray(at, at + size))
  loop.end()
  const verdicts = loop.counts.map(
    ({ name, verdicts }) => `${name}: ${[...verdicts].map(pair => pair.join(" ")).join(", ")}`,
  )
  return { loop, passed, verdicts }
}

/** r0 is 1 where the UDP port is even. */
const EVEN_PORT = "r2 = *(u32 *)(r1 + 76); r0 = *(u8 *)(r2 + 37); r0 ^= 1; r0 &= 1"

test("a filter keeps what it returns bytes for", () => {
  const packets = [udp(1), udp(2), udp(3), udp(4)]
  const { passed, verdicts } = over([program("socket_filter", `${EVEN_PORT}; r0 *= 20`)], packets)
  assert.deepEqual(passed, [packets[1].slice(0, 20), packets[3].slice(0, 20)])
  assert.deepEqual(verdicts, ["socket_filter: drop 2, pass 2"])
})

test("XDP comes before tc, and tc before sockets, whatever the order they are given in", () => {
  const programs = [
    program("socket_filter", "r0 = *(u32 *)(r1 + 0)"),
    program("sched_cls", `${EVEN_PORT}; r0 += -1`, "first"),
    program("sched_cls", "r0 = 2", "second"),
    program(
      "xdp",
      "r2 = *(u32 *)(r1 + 0); r0 = *(u8 *)(r2 + 37); r0 s>>= 1; if r0 < 4 goto +1; r0 = 1; r0 ^= 2; if r0 != 3 goto +1; r0 = 1",
    ),
  ]
  const { verdicts } = over(programs, [udp(0), udp(1)])
  assert.deepEqual(verdicts, ["xdp: pass 2", "first: ok 1, unspec 1", "second: shot 1", "socket_filter: pass 1"])
})

test("packets go on as programs left them", () => {
  // bpf_xdp_adjust_head(ctx, 14); then tc: bpf_skb_change_tail(skb, 24, 0)
  const programs = [
    program("xdp", "r2 = 14; call 44; r0 = 2"),
    program("sched_cls", "r2 = 24; r3 = 0; call 38; r0 = 0"),
  ]
  const packet = udp(9)
  const { passed, loop } = over(programs, [{ data: packet, length: 100 }])
  assert.deepEqual(passed, [packet.slice(14, 38)])
  assert.deepEqual([loop.packets, loop.passed, loop.cut], [1, 1, 1])
})

test("programs change bytes of their packet only", () => {
  const zero = program("xdp", "r2 = *(u32 *)(r1 + 0); *(u8 *)(r2 + 0) = 0; r0 = 2")
  const packets = [udp(1), udp(2)]
  assert.deepEqual(
    over([zero], packets).passed.map(packet => [...packet]),
    packets.map(packet => [0, ...packet.slice(1)]),
  )
})

test("pieces of any size, and packets longer than a piece of the file", () => {
  const packets = [udp(1), udp(2, 60_000), udp(3), new Uint8Array(200_000), udp(4)]
  for (const size of [7, 5000, 1 << 20]) {
    const { passed } = over([program("socket_filter", "r0 = *(u32 *)(r1 + 0)")], packets, { size })
    assert.deepEqual(passed, packets)
  }
})

test("a limit, and what is left out", () => {
  const filter = program("socket_filter", "r0 = 1000")
  const { loop } = over([filter], [udp(1), new Uint8Array(5), udp(2), udp(3)], { limit: 2 })
  assert.deepEqual([loop.packets, loop.skipped, loop.done], [2, 1, true])
  const radio = over([filter], [udp(1)], { capture: { interfaces: [{ linkType: LINK_TYPES.ieee802_11 }] } })
  assert.deepEqual([radio.loop.packets, radio.loop.skipped], [0, 1])
})

const links: [name: keyof typeof LINK_TYPES, front: number[]][] = [
  ["raw", []],
  ["ipv4", []],
  ["null", [2, 0, 0, 0]],
  ["linuxSll", [...new Array(14).fill(1), 8, 0]],
  ["linuxSll2", [8, 0, ...new Array(18).fill(1)]],
]
for (const [name, front] of links) {
  for (const format of ["pcap", "pcapng"] as const) {
    test(`packets of link type ${name} in ${format} get an Ethernet header`, () => {
      const packet = udp(77).slice(14)
      const data = Uint8Array.from([...front, ...packet])
      const capture = { format, interfaces: [{ linkType: LINK_TYPES[name] }] }
      const { passed } = over([program("socket_filter", "r0 = 1000")], [data, data], { capture })
      const frame = Uint8Array.from([...new Array(12).fill(0), 8, 0, ...packet])
      assert.deepEqual(passed, [frame, frame])
    })
  }
}

test("the packet's time", () => {
  const times: number[][] = []
  const packet = { data: udp(1), time: { seconds: 1_700_000_000, nanoseconds: 123_456_789 } }
  // tstamp, 64 bits at 152: the program keeps as many bytes as the remainder by 1000 says.
  const { passed } = over([program("socket_filter", "r0 = *(u64 *)(r1 + 152); r0 %= 40")], [packet], {
    capture: { nanoseconds: true },
    onTime: (seconds, nanoseconds) => times.push([seconds, nanoseconds]),
  })
  assert.deepEqual(times, [[1_700_000_000, 123_456_789]])
  assert.equal(passed[0].length, Number(1_700_000_000_123_456_789n % 40n))
})

test("a capture that is none, or is cut off", () => {
  const loop = new CaptureLoop(memory(), [])
  assert.throws(() => loop.push(new Uint8Array(8)), { code: "PACKETS_NO_CAPTURE" })
  const other = new CaptureLoop(memory(), [])
  other.push(writeCapture([udp(1)]).subarray(0, 50))
  assert.throws(() => other.end(), { code: "PACKETS_CUT_OFF" })
})
