import assert from "node:assert/strict"
import { test } from "node:test"
import { cpio } from "./cpio.ts"
import { loadOrder, withoutSignature } from "./modules.ts"
import { compressedKernel } from "./vmlinux.ts"

const dep = `kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko kernel/fs/fscache/fscache.ko
kernel/fs/fscache/fscache.ko: kernel/fs/netfs/netfs.ko
kernel/fs/netfs/netfs.ko:
kernel/net/9p/9pnet.ko:
kernel/a/one-way.ko: kernel/a/other.ko
kernel/a/other.ko: kernel/a/one-way.ko
kernel/b/packed.ko.xz:
`

function order(names: string, expected: string): void {
  test(`modules for ${names || "nothing"}`, () => {
    const paths = loadOrder(dep, names.split(" "))
    assert.equal(paths.map(path => path.replace(/.*\/|\.ko.*/g, "")).join(" "), expected)
  })
}
order("", "")
order("netfs", "netfs")
order("9p", "9pnet netfs fscache 9p")
order("fscache 9p netfs", "netfs fscache 9pnet 9p")
order("one_way", "other one-way")
order("built_in packed", "packed")

test("a module loses its signature and nothing else", () => {
  const module = Buffer.from("module")
  const tail = Buffer.alloc(12)
  tail.writeUInt32BE(5, 8)
  const mark = Buffer.from("~Module signature appended~\n")
  assert.equal(withoutSignature(Buffer.concat([module, Buffer.alloc(5), tail, mark])).toString(), "module")
  assert.equal(withoutSignature(module).toString(), "module")
})

test("an archive has its entries at multiples of four, and a trailer", () => {
  const archive = cpio([
    { name: "bin", mode: 0o40755 },
    { name: "bin/x", mode: 0o100755, data: Buffer.from("hello") },
  ])
  const text = archive.toString("latin1")
  const heads = [...text.matchAll(/070701/g)].map(match => match.index)
  assert.deepEqual(
    heads.map(at => at % 4),
    [0, 0, 0],
  )
  const second = heads[1]!
  assert.equal(text.slice(second + 14, second + 22), "000081ed")
  assert.equal(text.slice(second + 54, second + 62), "00000005")
  assert.equal(text.slice(second + 110, second + 116), "bin/x\0")
  assert.equal(text.slice(second + 116, second + 124), "hello\0\0\0")
  assert.match(text, /TRAILER!!!\0+$/)
})

test("a bzImage has its kernel after the setup sectors; another file has none", () => {
  const image = Buffer.alloc(4096)
  image[0x1f1] = 3
  image.write("HdrS", 0x202)
  image.writeUInt16LE(0x20f, 0x206)
  image.writeUInt32LE(0x100, 0x248)
  image.writeUInt32LE(12, 0x24c)
  Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2]).copy(image, 2048 + 0x100)
  assert.deepEqual(compressedKernel(image), { format: "xz", data: image.subarray(0x900, 0x908) })
  assert.equal(compressedKernel(Buffer.alloc(4096)), undefined)
  assert.equal(compressedKernel(Buffer.alloc(10)), undefined)
})
