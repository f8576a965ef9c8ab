import { assemble } from "../../src/isa/index.ts"
import { Memory } from "../../src/vm/index.ts"
import { translate } from "../../src/vm/jit/program.ts"
import { wasmPlatform } from "../../src/vm/jit/wasm/host.ts"

/** 100 instructions: a hash of 64 bytes of the context, round a loop, with a slot of the stack and some branches. */
const TEXT = `
r6 = r1
w7 = -559038737
w8 = 0
*(u64 *)(r10 - 8) = r7
again:
${Array.from(
  { length: 10 },
  (_, n) => `
r1 = r8
r1 += r6
w2 = *(u32 *)(r1 + ${4 * n})
w7 ^= w2
w3 = w7
w3 <<= ${n + 3}
w7 >>= ${29 - n}
w7 |= w3
if w7 > ${n * 1000} goto +1`,
).join("")}
r4 = *(u64 *)(r10 - 8)
r4 += r7
*(u64 *)(r10 - 8) = r4
w8 += 4
if w8 < 24 goto again
r0 = *(u64 *)(r10 - 8)
exit`

const insns = assemble(TEXT)
const image = { name: "first", insns, kfuncs: [], helper: () => undefined, probes: new Uint8Array(2 * insns.length) }
const { Module, Instance } = wasmPlatform()!
const { linear } = new Memory()
const start = performance.now()
const { bytes, imports } = translate(image, { verified: true })
const translated = performance.now()
const module = new Module(bytes)
const made = performance.now()
new Instance(module, { m: { memory: linear, ...Object.fromEntries(imports.map(({ name }) => [name, () => 0])) } })
const own = translated - start
console.log(JSON.stringify({ own, module: made - translated, instance: performance.now() - made }))
