import assert from "node:assert/strict"
import { test } from "node:test"
import { testSnapshot } from "../../../tests/support/simulated.ts"
import { findMember } from "../../btf/index.ts"
import { Memory } from "../../vm/index.ts"
import { Layouts } from "./layout.ts"
import { KernelMemory } from "./memory.ts"
import { KernelSymbols } from "./symbols.ts"

const memory = new KernelMemory(new Memory(), new Layouts(testSnapshot().btf))

test("members are where BTF has them", () => {
  const task = memory.new("task_struct", { pid: 7, tgid: 6, comm: "a name that is too long", start_time: 2n ** 40n })
  const { btf } = memory.layouts
  const pid = findMember(btf, btf.find("task_struct", "struct"), "pid")!
  assert.equal(memory.linear.view.getInt32(task.offset + pid.bitOffset / 8, true), 7)
  assert.equal(task.get("tgid"), 6)
  assert.equal(task.text("comm"), "a name that is ")
  assert.equal(task.big("start_time"), 2n ** 40n)
})

test("members of members, by a path or in an object of their own; pointers to others", () => {
  const dentry = memory.new("dentry", { "d_name.len": 5, "d_name.name": memory.string("hosts") })
  const file = memory.new("file", { f_path: { dentry }, f_pos: -1 })
  assert.equal(file.big("f_path.dentry"), dentry.address)
  assert.equal(file.get("f_pos"), -1)
  const name = dentry.big("d_name.name")
  assert.equal(name >> 32n, 0xffff8880n)
  assert.equal(memory.linear.text(Number(name & 0xffffffffn), 16), "hosts")
})

test("bit-fields leave their neighbours alone", () => {
  const sock = memory.new("sock_common", {})
  sock.set({ skc_reuse: 15, skc_ipv6only: 1 })
  sock.set({ skc_reuse: 2 })
  assert.deepEqual([sock.get("skc_reuse"), sock.get("skc_reuseport"), sock.get("skc_ipv6only")], [2, 0, 1])
})

test("elements of arrays, and parts", () => {
  const pid = memory.new("sk_buff", {})
  pid.set({ "cb[3]": 9 })
  assert.equal(pid.get("cb[3]"), 9)
  const mount = memory.new("mount", { mnt: { mnt_flags: 32 } })
  assert.equal(mount.part("mnt").get("mnt_flags"), 32)
})

test("a record or a member that there is not", () => {
  assert.throws(() => memory.new("no_such_record"), { code: "SIM_NO_TYPE" })
  assert.throws(() => memory.new("file", { f_bees: 1 }), { code: "SIM_NO_TYPE" })
})

test("user memory has addresses of its own", () => {
  const text = memory.user("/etc/hosts")
  assert.equal(text.address >> 32n, 0x7fffn)
  assert.equal(memory.linear.text(text.offset, 32), "/etc/hosts")
})

test("symbols: an address leads to its function and back", () => {
  const symbols = new KernelSymbols(testSnapshot().btf)
  const address = symbols.address("vfs_read")
  assert.equal(symbols.find("vfs_read"), address)
  assert.deepEqual(symbols.at(address + 5n), { name: "vfs_read", offset: 5 })
  const table = symbols.data("ext4_file_operations")
  assert.deepEqual(symbols.at(table), { name: "ext4_file_operations", offset: 0 })
  assert.equal(symbols.at(0n), undefined)
  assert.equal(symbols.find("no_such_function"), undefined)
})
