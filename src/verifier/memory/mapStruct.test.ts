import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { kernelTypes } from "../../../tests/support/verifierPlaces.ts"
import { findMember } from "../../btf/index.ts"
import { mapTypes } from "../../isa/index.ts"
import { mapStruct } from "./mapStruct.ts"

for (const type of mapTypes.names()) {
  const struct = mapStruct(type)
  test(`a map of type ${type} is a struct ${struct}`, { skip: needsRoot }, t => {
    const btf = kernelTypes()
    const id = btf.find(struct, "struct")
    if (id === 0) return t.skip("not in this kernel")
    if (struct === "bpf_map") return
    const member = findMember(btf, id, "map")
    assert.equal(member?.bitOffset, 0)
    assert.equal(btf.name(member!.type), "bpf_map")
  })
}
