import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { Btf, BtfBuilder, findMember } from "./index.ts"

const VMLINUX = "/sys/kernel/btf/vmlinux"
const skip = existsSync(VMLINUX) ? false : `${VMLINUX} is missing`

let opened: Btf | undefined
const kernel = (): Btf => (opened ??= Btf.parse(readFileSync(VMLINUX)))

test("a kernel's types are found by name and kind", { skip }, () => {
  const btf = kernel()
  for (const name of ["task_struct", "sk_buff", "file"]) {
    const id = btf.find(name, "struct")
    assert.equal(btf.kind(id), "struct")
    assert.equal(btf.name(id), name)
  }
  assert.equal(btf.find("task_struct", "union"), 0)
  assert.equal(btf.find("no such type", "struct"), 0)
  assert.equal(btf.find(""), 0)
  assert.equal(btf.kind(btf.find("u32")), "typedef")
  assert.ok(btf.findAll("task_struct").includes(btf.find("task_struct", "struct")))
})

test("a kernel's enumerators are found by name", { skip }, () => {
  const btf = kernel()
  assert.equal(Number(btf.findEnumerator("BPF_F_CURRENT_CPU")?.value), 0xffffffff)
  assert.equal(btf.findEnumerator("BPF_MAP_TYPE_HASH")?.value, 1)
  assert.equal(btf.findEnumerator("no such enumerator"), undefined)
})

test("members are found through anonymous ones", { skip }, () => {
  const btf = kernel()
  const common = btf.find("sock_common", "struct")
  const daddr = findMember(btf, common, "skc_daddr")
  assert.equal(daddr?.bitOffset, 0)
  assert.ok(daddr !== undefined && daddr.path.length > 1)
  assert.equal(findMember(btf, common, "nothing"), undefined)
})

test("every type of a kernel decodes", { skip }, () => {
  const btf = kernel()
  for (let id = 0; id < btf.count; id++) assert.equal(btf.type(id).kind, btf.kind(id))
})

test("a name that stands twice among the strings is found in both places", () => {
  const builder = new BtfBuilder()
  const record = builder.add({ kind: "struct", name: "name", size: 0, members: [] })
  const alias = builder.add({ kind: "typedef", name: "eman", type: record })
  const bytes = builder.encode()
  const text = String.fromCharCode(...bytes)
  bytes.set(new TextEncoder().encode("name"), text.indexOf("eman"))
  const btf = Btf.parse(bytes)
  assert.equal(btf.find("name", "struct"), record)
  assert.equal(btf.find("name", "typedef"), alias)
  assert.deepEqual(btf.findAll("name"), [record, alias])
})

test("names are found whole, whatever letters they are written in", () => {
  for (const others of [
    ["xname", "namex"],
    ["ünlü", "na"],
  ]) {
    const builder = new BtfBuilder()
    for (const name of [...others, "name", "größe"]) builder.add({ kind: "fwd", name })
    const btf = Btf.parse(builder.encode())
    for (const name of ["name", "größe"]) assert.equal(btf.name(btf.find(name)), name)
    for (const name of ["nam", "ame", "", "\0", "gr", "name\0größe"]) assert.equal(btf.find(name), 0)
  }
})
