import assert from "node:assert/strict"
import { test } from "node:test"
import { map } from "../../tests/support/kernel.ts"
import { SkepError } from "../base/index.ts"
import { BtfBuilder } from "../btf/index.ts"
import { kconfigData } from "./kconfig.ts"

const builder = new BtfBuilder()
const TYPES = {
  bool: [builder.add({ kind: "int", name: "_Bool", size: 1, bool: true }), 1],
  char: [builder.add({ kind: "int", name: "char", size: 1, signed: true, char: true }), 1],
  int: [builder.add({ kind: "int", name: "int", size: 4, signed: true }), 4],
  u8: [builder.add({ kind: "int", name: "unsigned char", size: 1 }), 1],
  u64: [builder.add({ kind: "int", name: "unsigned long", size: 8 }), 8],
  tristate: [
    builder.add({ kind: "enum", name: "libbpf_tristate", size: 4, values: [{ name: "TRI_NO", value: 0 }] }),
    4,
  ],
  text: [builder.add({ kind: "array", type: 2, indexType: 3, count: 6 }), 6],
} as const
const btf = builder.encode()

function value(type: keyof typeof TYPES, line: string, weak = false): number[] {
  const [id, size] = TYPES[type]
  const kconfig = [{ name: "CONFIG_X", offset: 0, size, type: id, weak }]
  return [
    ...kconfigData(map(".kconfig", "array", { valueSize: size, kconfig }), btf, {
      text: () => `# a comment\n${line}\nCONFIG_XY=7\n`,
      found: () => undefined,
    }),
  ]
}

function holds(type: keyof typeof TYPES, line: string, ...bytes: number[]): void {
  test(`${line} in a variable of type ${type} is ${bytes}`, () => assert.deepEqual(value(type, line), bytes))
}

holds("bool", "CONFIG_X=y", 1)
holds("bool", "CONFIG_X=n", 0)
holds("char", "CONFIG_X=m", "m".charCodeAt(0))
holds("tristate", "CONFIG_X=y", 1, 0, 0, 0)
holds("tristate", "CONFIG_X=m", 2, 0, 0, 0)
holds("int", "CONFIG_X=250", 250, 0, 0, 0)
holds("int", "CONFIG_X=-2", 254, 255, 255, 255)
holds("u64", "CONFIG_X=0xffff888000000000", 0, 0, 0, 0, 128, 136, 255, 255)
holds("text", 'CONFIG_X="ab"', 97, 98, 0, 0, 0, 0)
holds("text", 'CONFIG_X="abcdefgh"', 97, 98, 99, 100, 101, 0)
holds("text", 'CONFIG_X="a\\"b"', 97, 34, 98, 0, 0, 0)

test("a weak option that is not set is 0", () => assert.deepEqual(value("int", "CONFIG_Y=1", true), [0, 0, 0, 0]))

function refused(type: keyof typeof TYPES, line: string, code: string): void {
  test(`${line} does not fit a variable of type ${type}: ${code}`, () => {
    assert.throws(
      () => value(type, line),
      (error: unknown) => error instanceof SkepError && error.code === code && error.hint !== undefined,
    )
  })
}

refused("int", "CONFIG_Y=1", "KERNEL_NO_OPTION")
refused("bool", "CONFIG_X=m", "KERNEL_OPTION_TYPE")
refused("bool", "CONFIG_X=5", "KERNEL_OPTION_TYPE")
refused("int", "CONFIG_X=y", "KERNEL_OPTION_TYPE")
refused("int", 'CONFIG_X="text"', "KERNEL_OPTION_TYPE")
refused("text", "CONFIG_X=5", "KERNEL_OPTION_TYPE")
refused("u8", "CONFIG_X=256", "KERNEL_OPTION_TYPE")
