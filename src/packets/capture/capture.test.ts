import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { Random } from "../../../tests/support/random.ts"
import { SkepError } from "../../base/index.ts"
import { type CaptureOptions, CaptureReader, CaptureWriter, type Packet, readCapture, writeCapture } from "./index.ts"
import { nanoseconds, wholeSeconds } from "./time.ts"

const packets: Packet[] = [
  { data: new Uint8Array(60).fill(1), time: { seconds: 1_700_000_000, nanoseconds: 123_456_000 } },
  { data: Uint8Array.from([1, 2, 3]), length: 1500, time: { seconds: 1_700_000_001, nanoseconds: 999_999_000 } },
  { data: new Uint8Array(0) },
  { data: Uint8Array.from({ length: 1501 }, (_, i) => i), time: { seconds: 4_294_967_295, nanoseconds: 1000 } },
]

const forms: CaptureOptions[] = [
  {},
  { bigEndian: true },
  { nanoseconds: true },
  { format: "pcapng" },
  { format: "pcapng", bigEndian: true, nanoseconds: true },
]

/** What a reader finds that gets the file in pieces of `size` bytes. */
function inPieces(file: Uint8Array, size: number): { data: number[]; length: number; time: number[] }[] {
  const reader = new CaptureReader()
  const found = []
  for (let at = 0; at < file.length; at += size) {
    reader.push(file.subarray(at, at + size))
    while (reader.next()) {
      const { bytes, start, captured, length, seconds, nanoseconds } = reader.packet
      found.push({ data: [...bytes.subarray(start, start + captured)], length, time: [seconds, nanoseconds] })
    }
  }
  reader.end()
  return found
}

for (const form of forms) {
  const name = `${form.format ?? "pcap"}${form.bigEndian ? " big-endian" : ""}${form.nanoseconds ? " nanoseconds" : ""}`
  const file = writeCapture(packets, form)
  test(`${name}: packets come back as they were written`, () => {
    const read = readCapture(file)
    assert.equal(read.format, form.format ?? "pcap")
    assert.deepEqual(
      read.packets.map(({ data, length, time, interface: number, linkType }) => ({
        data,
        length,
        time,
        number,
        linkType,
      })),
      packets.map(({ data, length = data.length, time = { seconds: 0, nanoseconds: 0 } }) => ({
        data,
        length,
        time,
        number: 0,
        linkType: 1,
      })),
    )
  })
  test(`${name}: in pieces of any size`, () => {
    const whole = inPieces(file, file.length)
    for (const size of [1, 7, 64, 1000]) assert.deepEqual(inPieces(file, size), whole)
  })
  test(`${name}: cut off anywhere`, () => {
    for (let length = 0; length < file.length; length += 1 + (length >> 4)) {
      const cut = file.subarray(0, length)
      const complete = boundaries(file).has(length)
      if (complete) readCapture(cut)
      else assert.throws(() => readCapture(cut), { code: /^PACKETS_(CUT_OFF|NO_CAPTURE)$/ }, `${length} bytes`)
    }
  })
  test(`${name}: damaged at random`, () => {
    const change = fc.tuple(fc.nat(file.length - 1), fc.nat(255))
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 2000 }),
        (changes, size) => {
          const bytes = file.slice()
          for (const [at, byte] of changes) bytes[at] = byte
          assertCoded(() => inPieces(bytes, size))
        },
      ),
      { numRuns: 300 },
    )
  })
}

/** Lengths at which a file ends between two records. */
function boundaries(file: Uint8Array): Set<number> {
  const reader = new CaptureReader()
  const found = new Set<number>()
  for (let at = 0; at < file.length; at++) {
    reader.push(file.subarray(at, at + 1))
    while (reader.next()) {}
    if (reader.left === 0 && reader.format !== undefined) found.add(at + 1)
  }
  return found
}

function assertCoded(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof SkepError, String((error as Error).stack))
    assert.match(error.code, /^PACKETS_/)
  }
}

test("several interfaces, and sections in different byte orders", () => {
  const one = writeCapture([{ data: Uint8Array.of(1), interface: 1, time: { seconds: 5, nanoseconds: 7 } }], {
    format: "pcapng",
    interfaces: [
      { linkType: 1, name: "eth0" },
      { linkType: 101, name: "tun-long", unitsPerSecond: 1e9 },
    ],
  })
  const two = writeCapture([Uint8Array.of(2)], { format: "pcapng", bigEndian: true, interfaces: [{ linkType: 113 }] })
  const { interfaces, packets } = readCapture(Uint8Array.from([...one, ...two]))
  assert.deepEqual(
    interfaces.map(({ linkType, name, unitsPerSecond }) => [linkType, name, unitsPerSecond]),
    [
      [1, "eth0", 1e6],
      [101, "tun-long", 1e9],
      [113, undefined, 1e6],
    ],
  )
  assert.deepEqual(
    packets.map(packet => [packet.data[0], packet.interface, packet.linkType, packet.time.nanoseconds]),
    [
      [1, 1, 101, 7],
      [2, 2, 113, 0],
    ],
  )
})

test("a long packet is cut to the snap length", () => {
  const [packet] = readCapture(writeCapture([new Uint8Array(100)], { snapLength: 40 })).packets
  assert.deepEqual([packet.data.length, packet.length], [40, 100])
})

test("the writer passes large captures on in pieces", () => {
  const sizes: number[] = []
  const writer = new CaptureWriter(bytes => sizes.push(bytes.length))
  const packet = { ...new CaptureReader().packet, bytes: new Uint8Array(100_000), captured: 100_000 }
  for (let i = 0; i < 5; i++) writer.write(packet)
  writer.flush()
  assert.deepEqual(sizes, [24 + 2 * 100_016, 2 * 100_016, 100_016])
})

test("memory that is kept by the caller", () => {
  const file = writeCapture(packets)
  const memory = new Uint8Array(2000)
  const reader = new CaptureReader()
  let count = 0
  let from = 0
  for (let at = 0; at < file.length; ) {
    const left = reader.left
    memory.copyWithin(0, from - left, from)
    const some = file.subarray(at, at + memory.length - left)
    memory.set(some, left)
    at += some.length
    from = left + some.length
    reader.replace(memory.subarray(0, from))
    while (reader.next()) count++
  }
  reader.end()
  assert.equal(count, packets.length)
})

const bad: [what: string, code: string, bytes: number[] | Uint8Array][] = [
  ["nothing", "PACKETS_NO_CAPTURE", []],
  ["three bytes", "PACKETS_NO_CAPTURE", [0xd4, 0xc3, 0xb2]],
  ["text", "PACKETS_NO_CAPTURE", new TextEncoder().encode("hello, world")],
  ["a compressed file", "PACKETS_NO_CAPTURE", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]],
  ["pcap of version 7", "PACKETS_BAD_CAPTURE", [0xd4, 0xc3, 0xb2, 0xa1, 7, ...new Array(19).fill(0)]],
]
for (const [what, code, bytes] of bad) {
  test(`${what} is refused`, () => assert.throws(() => readCapture(Uint8Array.from(bytes)), { code }))
}

test("damage is told with its place", () => {
  const file = writeCapture([new Uint8Array(10), new Uint8Array(10)])
  new DataView(file.buffer).setUint32(24 + 26 + 8, 5_000_000, true)
  assert.throws(() => readCapture(file), { message: "the capture has a packet of 5000000 bytes at byte 50" })
  assert.throws(() => readCapture(writeCapture([new Uint8Array(10)]).subarray(0, 45)), {
    message: "the capture ends inside the record at byte 24: the file has 45 bytes",
  })
})

test("times of 64 bits are exact", () => {
  const random = new Random(1)
  for (const units of [1, 1000, 1e6, 1e9, 1e12, 2 ** 20, 2 ** 36, 2 ** 40, 2 ** 50]) {
    for (let i = 0; i < 50; i++) {
      const [high, low] = [random.below(2 ** 32), random.below(2 ** 32)]
      const time = (BigInt(high) << 32n) | BigInt(low)
      const seconds = time / BigInt(units)
      if (seconds < 2n ** 53n) assert.equal(BigInt(wholeSeconds(high, low, units)), seconds)
      assert.equal(BigInt(nanoseconds(high, low, units)), ((time % BigInt(units)) * 1_000_000_000n) / BigInt(units))
    }
  }
})
