import { assemble, encodeInsns } from "../../src/isa/index.ts"
import { type VerifierInput, verify } from "../../src/verifier/index.ts"

/** Programs that say what the verifier's time goes to: many steps on one way, many ways, many states to compare. */
const PROGRAMS: Readonly<Record<string, string>> = {
  straight: `r6 = *(u32 *)(r1 +0)\n${"r6 += 3\nr6 &= 1023\nr7 = r6\nr7 <<= 2\nr7 ^= r6\n".repeat(2000)}r0 = 0\nexit`,
  stack: `r6 = *(u32 *)(r1 +0)\n${"*(u64 *)(r10 -8) = r6\n*(u64 *)(r10 -16) = r10\nr6 = *(u64 *)(r10 -8)\n".repeat(3000)}r0 = 0\nexit`,
  loop: `r6 = 0\nr0 = 0\nagain:\nr0 += r6\nr0 &= 255\n*(u64 *)(r10 -8) = r0\nr6 += 1\nif r6 < 5000 goto again\nexit`,
  branches: `r0 = 0\n${Array.from({ length: 2000 }, (_, i) => `r6 = *(u32 *)(r1 +0)\nif r6 & ${1 << (i % 16)} goto +1\nr0 = ${i}`).join("\n")}\nr0 = 0\nexit`,
}
const RUNS = 5

/** Prints how many instructions a second the verifier goes through, without a log as machines ask for it: the best of a few runs. */
export async function main(): Promise<number> {
  for (const [name, text] of Object.entries(PROGRAMS)) {
    const input: VerifierInput = { insns: encodeInsns(assemble(text)), type: "socket_filter", logLevel: 0 }
    const rates = Array.from({ length: RUNS }, () => {
      const start = performance.now()
      const { accepted, counts, refusal } = verify(input)
      if (!accepted) throw new Error(`${name}: ${refusal?.message}`)
      return counts.processed / (performance.now() - start) / 1000
    })
    console.log(`${name.padEnd(10)} ${Math.max(...rates).toFixed(2)} M instructions/s`)
  }
  return 0
}
