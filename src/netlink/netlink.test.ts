import assert from "node:assert/strict"
import { test } from "node:test"
import { kernel, needsRoot, object, program, returns } from "../../tests/support/kernel.ts"
import { type OwnNetwork, ownNetwork } from "../../tests/support/network.ts"
import { sys } from "../kernel/index.ts"
import {
  Attributes,
  addClsact,
  addFilter,
  decode,
  deleteClsact,
  deleteFilter,
  ETH_P_ALL,
  encode,
  type FilterPlace,
  listDevices,
  listFilters,
  listQdiscs,
  NetlinkError,
  nested,
  setXdp,
  text,
  u8,
  u16,
  u32,
} from "./index.ts"

const skip = needsRoot
const net: OwnNetwork = skip ? { lo: 0, veth0: 0, veth1: 0 } : ownNetwork()
const calls = skip ? undefined! : sys()

test("a message is read back as it was written", () => {
  const attributes = [text(1, "bpf"), nested(2, u32(3, 0xffff_fff2), u16(4, 7), u8(5, 9)), u32(6, 1)]
  const bytes = encode({ type: 44, flags: 5, header: Uint8Array.of(1, 2, 3, 4), attributes }, 77)
  const [message, ...more] = decode(bytes)
  assert.deepEqual([message.type, message.flags, message.sequence, more.length], [44, 5, 77, 0])
  const read = new Attributes(message.body, 4)
  assert.equal(read.text(1), "bpf")
  assert.equal(read.nested(2).number(3), 0xffff_fff2)
  assert.deepEqual([read.nested(2).number(4), read.nested(2).number(5), read.number(6)], [7, 9, 1])
  assert.equal(read.number(99), undefined)
})

/** What is cut or lies about its length is refused and reads nothing beyond its bytes. */
function damaged(name: string, read: () => unknown): void {
  test(name, () => assert.throws(read, { code: "NETLINK_BAD_MESSAGE" }))
}
damaged("a message that is longer than its bytes", () => decode(Uint8Array.of(99, 0, 0, 0, ...new Uint8Array(12))))
damaged("a message that is shorter than its header", () => decode(Uint8Array.of(3, 0, 0, 0, ...new Uint8Array(12))))
damaged("a cut message", () => decode(new Uint8Array(9)))
damaged("an attribute that is longer than its bytes", () => new Attributes(Uint8Array.of(9, 0, 1, 0, 0)))
damaged("an attribute without a length", () => new Attributes(new Uint8Array(8)))

test("devices are listed with what they are", { skip }, () => {
  const devices = listDevices(calls)
  assert.ok(devices.some(device => device.name === "lo" && device.up))
  const veth = devices.find(device => device.name === "veth0")
  assert.equal(veth?.index, net.veth0)
  assert.equal(veth.kind, "veth")
  assert.equal(veth.mtu, 1500)
  assert.match(veth.address, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
  assert.equal(veth.xdp, undefined)
})

test("a clsact qdisc is added once, listed and deleted", { skip }, () => {
  assert.equal(addClsact(calls, net.veth0), true)
  assert.equal(addClsact(calls, net.veth0), false)
  assert.ok(listQdiscs(calls, net.veth0).some(qdisc => qdisc.kind === "clsact"))
  deleteClsact(calls, net.veth0)
  assert.ok(!listQdiscs(calls, net.veth0).some(qdisc => qdisc.kind === "clsact"))
  assert.throws(() => deleteClsact(calls, net.veth0), NetlinkError)
})

test("filters are added, listed in order, replaced and deleted", { skip }, () => {
  using loaded = kernel().load(object({ programs: [program("pass", returns(0), { type: "sched_cls" })] }))
  const run = { fd: loaded.program("pass").fd, name: "pass", directAction: true }
  addClsact(calls, net.veth0)
  const place: FilterPlace = { index: net.veth0, direction: "ingress", prio: 7, handle: 1, protocol: ETH_P_ALL }
  const add = (parts: Partial<FilterPlace>, replace = false) =>
    addFilter(calls, { ...place, ...parts }, run, replace, "adding a filter")
  assert.deepEqual(add({}), place)
  assert.throws(() => add({}), {
    code: "NETLINK_REFUSED",
    message: /^adding a filter: the kernel refuses it: Filter already exists$/,
  })
  add({}, true)
  const chosen = add({ prio: 0, handle: 0 })
  assert.ok(chosen.prio > 7 || chosen.prio > 0)
  assert.equal(chosen.handle, 1)
  add({ prio: 1, protocol: 0x0800, direction: "egress" })
  const ingress = listFilters(calls, net.veth0, "ingress")
  assert.deepEqual(ingress.map(f => f.prio).sort(), [7, chosen.prio].sort())
  assert.ok(ingress.every(f => f.name === "pass" && f.directAction && f.kind === "bpf" && f.programId > 0))
  assert.deepEqual(
    listFilters(calls, net.veth0, "egress").map(f => [f.prio, f.protocol]),
    [[1, 0x0800]],
  )
  deleteFilter(calls, place, "deleting a filter")
  assert.equal(listFilters(calls, net.veth0, "ingress").length, 1)
  deleteClsact(calls, net.veth0)
  assert.deepEqual(listFilters(calls, net.veth0, "ingress"), [])
})

test("an XDP program is put on a device and taken off", { skip }, () => {
  using loaded = kernel().load(object({ programs: [program("pass", returns(2), { type: "xdp" })] }))
  setXdp(calls, net.veth0, loaded.program("pass").fd, 2, "attaching")
  const xdp = () => listDevices(calls).find(device => device.index === net.veth0)?.xdp
  assert.equal(xdp()?.mode, "generic")
  assert.ok((xdp()?.programId ?? 0) > 0)
  setXdp(calls, net.veth0, -1, 2, "detaching")
  assert.equal(xdp(), undefined)
})

test("a refusal has the kernel's own words", { skip }, () => {
  assert.throws(
    () => setXdp(calls, net.veth0, 1, 6, "attaching both ways"),
    (error: NetlinkError) => {
      assert.equal(error.code, "NETLINK_REFUSED")
      assert.ok((error.parts.errno ?? 0) > 0)
      return true
    },
  )
})
