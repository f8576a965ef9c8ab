import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { SkepError } from "../base/index.ts"
import { KernelSymbols } from "./kallsyms.ts"

const name = fc.constantFrom("vfs_read", "vfs_read.isra.0", "__x64_sys_read", "", " ", "[", "a\tb", "\u0000")
const address = fc.oneof(
  fc.nat(0xffff_ffff).map(n => `ffffffff${n.toString(16).padStart(8, "0")}`),
  fc.constantFrom("", "0", "zz", "c0100000", "-1", "0x10", "ffffffffffffffffffffff"),
)
const line = fc.oneof(
  fc
    .tuple(address, fc.constantFrom("t", "T", "W", "d", "", "tt"), name, fc.constantFrom("", "\t[bpf]", "\t[", "\t"))
    .map(([at, type, symbol, module]) => `${at} ${type} ${symbol}${module}`),
  fc.string(),
)
const text = fc.tuple(fc.array(line), fc.constantFrom("\n", "\n\n", "\r\n")).map(([lines, end]) => lines.join(end))

test("any text of kallsyms gives symbols or none, and no error but of a name", () => {
  fc.assert(
    fc.property(text, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.nat(), (all, at, cut) => {
      const bytes = Buffer.from(all)
      const symbols = new KernelSymbols(bytes.subarray(0, cut % 3 === 0 ? cut % (bytes.length + 1) : bytes.length))
      for (const found of [...symbols.symbols(), ...symbols.find("vfs_read"), ...symbols.variants("vfs_read")]) {
        assert.equal(typeof found.name, "string")
        assert.equal(typeof found.address, "bigint")
      }
      for (const each of symbols.functionNames()) assert.equal(typeof each, "string")
      const located = symbols.locate(at)
      assert.ok(located === undefined || located.offset >= 0)
      try {
        symbols.resolve("vfs_read")
      } catch (error) {
        assert.ok(error instanceof SkepError && /^SYMBOLS_(UNKNOWN|AMBIGUOUS)$/.test(error.code), String(error))
      }
    }),
    { numRuns: 1000 },
  )
})
