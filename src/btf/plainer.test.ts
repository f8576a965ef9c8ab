import assert from "node:assert/strict"
import { test } from "node:test"
import { BTF_VERSIONS, Btf, BtfBuilder, type BtfSince, formatDefinition, plainerBtf, sizeOf } from "./index.ts"

function types(): Uint8Array {
  const b = new BtfBuilder()
  const int = b.add({ kind: "int", name: "int", size: 4, signed: true })
  const big = b.add({ kind: "enum64", name: "big", size: 8, values: [{ name: "HUGE", value: 0x1234567890n }] })
  const little = b.add({ kind: "enum", name: "little", size: 4, signed: true, values: [{ name: "LESS", value: -1 }] })
  const tag = b.add({ kind: "type_tag", name: "user", type: int })
  const pointer = b.add({ kind: "ptr", type: tag })
  const real = b.add({ kind: "float", name: "double", size: 8 })
  const members = [big, little, pointer, real].map((type, i) => ({ name: `m${i}`, type, bitOffset: 64 * i }))
  const value = b.add({ kind: "struct", name: "value", size: 32, members })
  b.add({ kind: "decl_tag", name: "mine", type: value, component: 1 })
  const proto = b.add({ kind: "func_proto", type: int, params: [{ name: "x", type: pointer }] })
  b.add({ kind: "func", name: "f", type: proto, linkage: "global" })
  const variable = b.add({ kind: "var", name: "v", type: value, linkage: "global" })
  b.add({ kind: "datasec", name: ".data", size: 32, vars: [{ type: variable, offset: 0, size: 32 }] })
  return b.encode()
}

/** Kinds of the types, in their order, as a kernel before a version gets them. */
function kinds(before: BtfSince, expected: string): void {
  test(`before ${before}: ${expected}`, () => {
    const btf = Btf.parse(plainerBtf(types(), before))
    const all = Array.from({ length: btf.count - 1 }, (_, i) => btf.type(i + 1))
    assert.equal(
      all.map(type => (type.kind === "func" ? `${type.kind}:${type.linkage}` : type.kind)).join(" "),
      expected,
    )
    const value = btf.find("value", "struct")
    assert.equal(sizeOf(btf, value), 32)
    assert.match(formatDefinition(btf, value), /m3/)
  })
}

kinds("6.0", "int int enum type_tag ptr float struct decl_tag func_proto func:global var datasec")
kinds("5.17", "int int enum const ptr float struct decl_tag func_proto func:global var datasec")
kinds("5.16", "int int enum const ptr float struct struct func_proto func:global var datasec")
kinds("5.13", "int int enum const ptr struct struct struct func_proto func:global var datasec")
kinds("5.6", "int int enum const ptr struct struct struct func_proto func:static var datasec")
kinds("5.2", "int int enum const ptr struct struct struct func_proto func:static struct struct")
kinds("5.0", "int int enum const ptr struct struct struct struct struct struct struct")

test("versions are the newest first", () =>
  assert.deepEqual(
    [...BTF_VERSIONS].sort((a, b) => minor(b) - minor(a)),
    BTF_VERSIONS,
  ))
const minor = (version: string): number => Number(version.split(".")[0]) * 100 + Number(version.split(".")[1])
