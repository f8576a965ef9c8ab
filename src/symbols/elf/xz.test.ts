import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { findTool } from "../../../tests/support/tools.ts"
import { unpackXz } from "./xz.ts"

const skip = findTool("xz") === undefined ? "xz is missing" : false
const pack = (bytes: Uint8Array, ...args: string[]): Buffer =>
  spawnSync("xz", ["-c", ...args], { input: bytes, maxBuffer: 1 << 28 }).stdout

let seed = 7
const random = (n: number): number => (seed = (seed * 16807) % 2147483647) % n

const SAMPLES: Readonly<Record<string, Uint8Array>> = {
  nothing: Buffer.alloc(0),
  "a letter": Buffer.from("a"),
  zeros: Buffer.alloc(300_000),
  text: Buffer.from("the bees of the hive are the bees of the skep\n".repeat(500)),
  noise: Uint8Array.from({ length: 100_000 }, () => random(256)),
  "a program": readFileSync("/proc/self/exe").subarray(0, 3 << 16),
}
for (const [name, bytes] of Object.entries(SAMPLES)) {
  for (const args of [[], ["-9e", "--check=crc32"], ["-0", "--block-size=65536"], ["--lzma2=lc=1,lp=2,pb=0"]]) {
    test(`${name} ${args.join(" ")}`, { skip }, () => {
      const unpacked = unpackXz(pack(bytes, ...args))
      assert.ok(unpacked)
      assert.equal(Buffer.compare(unpacked, bytes), 0)
    })
  }
}

test("damaged streams are refused or give other bytes, in bounded time", { skip }, () => {
  const packed = pack(SAMPLES.text)
  for (let i = 0; i < 200; i++) {
    const bytes = Buffer.from(packed.subarray(0, i % 2 ? packed.length : random(packed.length)))
    for (let n = 0; n < 3 && bytes.length > 12; n++) bytes[6 + random(bytes.length - 6)] = random(256)
    assert.ok((unpackXz(bytes, 1 << 16)?.length ?? 0) <= 1 << 17)
  }
})
