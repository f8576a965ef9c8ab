import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { kernelTypes } from "../../../tests/support/verifierPlaces.ts"
import { isStructure } from "./match.ts"

/** Whether `from`, at an offset, can be taken for `wanted`. */
function matches(from: string, offset: number, wanted: string, strict: boolean, expected: boolean): void {
  test(`${from} at ${offset} ${expected ? "is" : "is not"} ${wanted}${strict ? " itself" : ""}`, {
    skip: needsRoot,
  }, () => {
    const btf = kernelTypes()
    assert.equal(isStructure(btf, btf.find(from, "struct"), offset, wanted, strict), expected)
  })
}

matches("tcp_sock", 0, "tcp_sock", true, true)
matches("tcp_sock", 0, "sock", false, true)
matches("tcp_sock", 0, "sock_common", false, true)
matches("tcp_sock", 0, "sock", true, false)
matches("sock", 0, "tcp_sock", false, false)
matches("tcp_sock", 8, "sock", false, false)
matches("bpf_cpumask", 0, "cpumask", false, true)
