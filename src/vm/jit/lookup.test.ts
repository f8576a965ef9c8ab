import assert from "node:assert/strict"
import { test } from "node:test"
import { map, object, program } from "../../../tests/support/kernel.ts"
import { assembleUnit } from "../../isa/index.ts"
import type { MapSpec } from "../../object/index.ts"
import { VirtualMachine } from "../index.ts"

const number = (value: number, size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => Math.floor(value / 2 ** (8 * i)) & 0xff)

/** r0 of a program with a map whose keys 0 to 9 have the values 100 to 109, interpreted and as WebAssembly. */
function gives(spec: MapSpec, text: string, expected: number): void {
  for (const jit of [false, true]) {
    test(`${jit ? "as WebAssembly" : "interpreted"}: ${spec.type}, key of ${spec.keySize}: ${text} gives ${expected}`, () => {
      const { insns, symbols } = assembleUnit(`${text.replaceAll("; ", "\n")}\nexit`)
      const relocations = [...symbols].map(([insn, { name }]) => ({ kind: "map", insn, map: name }) as const)
      const programs = [program("run", insns, { type: "socket_filter", relocations })]
      using loaded = new VirtualMachine({ jit, verify: false }).load(object({ programs, maps: [spec] }))
      for (let key = 0; key < 10; key++) {
        loaded.map("m").update(number(key, spec.keySize), number(100 + key, spec.valueSize))
      }
      const { retval } = loaded.program("run").testRun({ data: new Uint8Array(64) })
      assert.equal(retval, expected >>> 0)
    })
  }
}

const LOOKUP = "r2 = r10; r2 += -8; r1 = map[m] ll; call bpf_map_lookup_elem".replace(" ll", "")
const VALUE = "if r0 != 0 goto +2; r0 = -1; exit; r0 = *(u32 *)(r0 + 0)"

const array = map("m", "array", { maxEntries: 10, valueSize: 12 })
gives(array, `*(u32 *)(r10 - 8) = 3; ${LOOKUP}; ${VALUE}`, 103)
gives(array, `*(u32 *)(r10 - 8) = 9; ${LOOKUP}; ${VALUE}`, 109)
gives(array, `*(u32 *)(r10 - 8) = 10; ${LOOKUP}; ${VALUE}`, -1)
gives(array, `*(u32 *)(r10 - 8) = -1; ${LOOKUP}; ${VALUE}`, -1)
// The key is a part of what was written, and is read again after the call.
gives(array, `*(u64 *)(r10 - 8) = 4; ${LOOKUP}; ${VALUE}`, 104)
gives(array, `*(u32 *)(r10 - 8) = 5; ${LOOKUP}; ${VALUE}; r1 = *(u32 *)(r10 - 8); r0 += r1`, 110)
gives(
  array,
  `*(u32 *)(r10 - 8) = 5; ${LOOKUP}; r6 = r0; *(u32 *)(r10 - 8) = 6; ${LOOKUP}; r0 = *(u32 *)(r0 + 0); r6 = *(u32 *)(r6 + 0); r0 += r6`,
  211,
)
// A pointer and a number in one register, of which all bits are read.
gives(array, `*(u32 *)(r10 - 8) = 5; ${LOOKUP}; r6 = r0; if r6 != 0 goto +1; r6 = 7; r0 = r6; r0 >>= 32`, 0xffff8880)
gives(array, `*(u32 *)(r10 - 8) = 55; ${LOOKUP}; r0 >>= 32`, 0)

for (const keySize of [1, 3, 4, 8, 13, 16, 40]) {
  const hash = map("m", "hash", { keySize, maxEntries: 16 })
  const clear = Array.from({ length: 5 }, (_, i) => `*(u64 *)(r10 - ${8 * (i + 1)}) = 0`).join("; ")
  const lookup = "r2 = r10; r2 += -40; r1 = map[m]; call bpf_map_lookup_elem"
  gives(hash, `${clear}; *(u8 *)(r10 - 40) = 3; ${lookup}; ${VALUE}`, 103)
  gives(hash, `${clear}; *(u8 *)(r10 - 40) = 77; ${lookup}; ${VALUE}`, -1)
  gives(hash, `${clear}; *(u8 *)(r10 - ${41 - keySize}) = 9; ${lookup}; ${VALUE}`, keySize === 1 ? 109 : -1)
}
gives(map("m", "lru_hash"), `*(u32 *)(r10 - 8) = 3; ${LOOKUP}; ${VALUE}`, 103)
gives(
  map("m", "hash"),
  `*(u32 *)(r10 - 8) = 3; ${LOOKUP}; ${VALUE}; r6 = r0; r2 = r10; r2 += -8; r1 = map[m]; call bpf_map_delete_elem; ${LOOKUP}; r0 += r6`,
  103,
)
