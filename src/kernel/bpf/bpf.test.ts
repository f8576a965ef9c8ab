import assert from "node:assert/strict"
import { closeSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { kernel, map, needsRoot, object, program, returns } from "../../../tests/support/kernel.ts"
import { attachTypes } from "../../isa/index.ts"
import { ENOENT } from "../raw/index.ts"
import * as bpf from "./index.ts"

const skip = needsRoot

for (const [name, want] of [
  ["hello", "hello"],
  ["a_very_long_name_of_a_program", "a_very_long_nam"],
  [".rodata.str1", "_rodata_str1"],
  ["größe", "gr__e"],
  ["", ""],
]) {
  test(`the kernel's name for ${JSON.stringify(name)}`, () => assert.equal(bpf.objectName(name), want))
}

for (const kind of ["program", "map"] as const) {
  test(`a ${kind} is found among all by its id`, { skip }, () => {
    const programs = [program("skep_ids", returns(0), { type: "socket_filter" })]
    using loaded = kernel().load(object({ programs, maps: [map("skep_ids", "hash")] }))
    const own = kind === "program" ? loaded.program("skep_ids").fd : loaded.map("skep_ids").fd
    // struct bpf_prog_info and struct bpf_map_info: u32 type, id; …
    const info = new Uint8Array(80)
    assert.ok(bpf.objInfo(own, info) > 0)
    const id = new Uint32Array(info.buffer)[1]
    let found = 0
    let at = 0
    for (at = bpf.nextId(kind, 0); at > 0; at = bpf.nextId(kind, at)) if (at === id) found++
    assert.equal(at, -ENOENT)
    assert.equal(found, 1)
    const again = bpf.fdById(kind, id)
    const other = new Uint8Array(80)
    assert.ok(bpf.objInfo(again, other) > 0)
    closeSync(again)
    assert.equal(new Uint32Array(other.buffer)[1], id)
    assert.equal(bpf.fdById(kind, 0x7fffffff), -ENOENT)
  })
}

test("an iterator's link is made, and its output read", { skip }, () => {
  const attach = { kind: "iter", event: "bpf_map" } as const
  using loaded = kernel().load(object({ programs: [program("walk", returns(0), { type: "tracing", attach })] }))
  const link = bpf.linkCreate(loaded.program("walk").fd, 0, attachTypes.number("trace_iter") as number)
  assert.ok(link >= 0, `${link}`)
  const output = bpf.iterCreate(link)
  assert.ok(output >= 0, `${output}`)
  assert.equal(readFileSync(output, "utf8"), "")
  closeSync(output)
  closeSync(link)
})
