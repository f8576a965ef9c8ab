import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { SkepError } from "../base/index.ts"
import { readRecording, writeRecording } from "./format.ts"

const HEAD = {
  release: "6.18.0",
  arch: "x64",
  cpus: 2,
  bootTime: "1700000000000000000",
  programs: [{ name: "f", type: "kprobe", targets: [{ kind: "kprobe", event: "do_exit" }] }],
  lost: 0,
} as const

/** A record as a program sends it. */
function record(
  cpu: number,
  kind: number,
  address: bigint,
  result: bigint,
  size: number,
  data: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(40 + data.length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, 1000n, true)
  view.setUint32(8, cpu, true)
  view.setUint32(12, kind, true)
  view.setBigUint64(16, address, true)
  view.setBigInt64(24, result, true)
  view.setUint32(32, size, true)
  bytes.set(data, 40)
  return bytes
}

function start(cpu: number, pid: number, comm: string): Uint8Array {
  const data = new Uint8Array(48 + 8)
  const view = new DataView(data.buffer)
  view.setUint32(0, pid, true)
  view.setUint32(4, pid, true)
  data.set(new TextEncoder().encode(comm), 32)
  view.setBigUint64(48, 7n, true)
  return record(cpu, 0, 0xffff888000001000n, 0n, 8, data)
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

test("reads belong to the run that began last on their CPU", () => {
  const records = [
    record(0, 113, 1n, 0n, 4, bytesOf("lost")),
    start(0, 10, "a"),
    start(1, 20, "b"),
    record(0, 113, 0x10n, 0n, 4, bytesOf("zero")),
    record(1, 115, 0x20n, 4n, 16, bytesOf("one\0............")),
    record(0, 113, 0x30n, -14n, 4, bytesOf("")),
  ]
  const { head, snapshot, runs } = readRecording(writeRecording(HEAD, bytesOf("types"), records))
  assert.deepEqual(head, HEAD)
  assert.equal(new TextDecoder().decode(snapshot), "types")
  const shown = runs.map(({ comm, tgid, context, reads }) => [
    `${comm} ${tgid} ${context.bytes.join(".")}`,
    ...reads.map(read => `${read.address} ${read.result} ${new TextDecoder().decode(read.bytes)}`),
  ])
  assert.deepEqual(shown, [
    ["a 10 7.0.0.0.0.0.0.0", "16 0 zero", "48 -14 "],
    ["b 20 7.0.0.0.0.0.0.0", "32 4 one\0"],
  ])
})

test("what is no recording is refused", () => {
  for (const bytes of [new Uint8Array(0), bytesOf("skep-rec1\n"), bytesOf("skep-rec1\n\xff\xff\xff\xff")]) {
    assert.throws(() => readRecording(bytes), { code: "RECORD_BAD" })
  }
})

test("damaged recordings give an error with a code, or are read", () => {
  const whole = writeRecording(HEAD, bytesOf("types"), [
    start(0, 10, "a"),
    record(0, 113, 0x10n, 0n, 4, bytesOf("zero")),
  ])
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }),
      fc.nat(whole.length),
      (edits, length) => {
        const bytes = whole.slice(0, length)
        for (const [at, byte] of edits) if (at < bytes.length) bytes[at] = byte
        try {
          readRecording(bytes)
        } catch (error) {
          assert.ok(error instanceof SkepError && error.code === "RECORD_BAD", String(error))
        }
      },
    ),
    { numRuns: 500 },
  )
})
