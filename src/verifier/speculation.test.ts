import assert from "node:assert/strict"
import { test } from "node:test"
import { childScenarios } from "../../tests/support/kernel.ts"
import { comparable, type KernelVerdict, kernelVerdict } from "../../tests/support/kernelVerdict.ts"
import { needsSetpriv, runWithRights } from "../../tests/support/rights.ts"
import { assemble, encodeInsns } from "../isa/index.ts"
import { verify } from "./index.ts"

/** What the kernel says of these to a user with CAP_BPF alone, every word of it: on wrong ways a processor that guesses may go, too. */
const JUDGED = [
  "r6 = 0; call bpf_get_prandom_u32#7; r0 &= 7; if r0 > 3 goto pc+1; r6 = 1; if r6 == 5 goto pc+1; r6 = 2; r0 = r6; exit",
  "r0 = 0; r0 += 1; if r0 < 20 goto pc-2; exit",
  "r0 = 123; if r0 == 4 goto pc-2; exit",
  "*(u64 *)(r10 -16) = 0; *(u64 *)(r10 -8) = 0; r2 = *(u32 *)(r1 +0); r2 &= 7; r3 = r10; r3 += -16; r3 += r2; r0 = *(u8 *)(r3 +0); exit",
  "r2 = r10; r3 = -8; r2 += r3; *(u64 *)(r2 +0) = 0; r0 = 0; exit",
  "r2 = r10; r3 = -520; r2 += r3; r0 = 0; exit",
  "r2 = 1; r1 += r2; r0 = 0; exit",
  "r2 = r10; r3 = -8; if r1 == 0 goto pc+1; r3 = -16; r2 += r3; *(u64 *)(r2 +0) = 0; r0 = 0; exit",
  "r2 = r10; r3 = -8; r0 = *(u32 *)(r1 +0); if r0 > 5 goto pc+2; r2 = 3; r3 = 4; r2 += r3; r0 = 0; exit",
  "*(u64 *)(r10 -8) = r1; r0 = *(u32 *)(r1 +0); if r0 > 5 goto pc+1; r0 = 2; r1 = 3; if r1 == 3 goto pc+1; r1 = *(u64 *)(r10 -8); r0 = 0; exit",
]
const encode = (source: string) => encodeInsns(assemble(source.replaceAll("; ", "\n")))

if (
  !childScenarios({
    judge: () => console.log(JSON.stringify(JUDGED.map(each => kernelVerdict(encode(each), "socket_filter")))),
  })
) {
  test("the same words as the kernel's to a user without CAP_PERFMON", { skip: needsSetpriv }, () => {
    const { stdout, stderr } = runWithRights(import.meta.url, "judge", ["bpf", "net_admin"])
    assert.equal(stderr, "")
    const verdicts = JSON.parse(stdout) as KernelVerdict[]
    for (const [i, source] of JUDGED.entries()) {
      const ours = verify({ insns: encode(source), type: "socket_filter", perfmon: false, logLevel: 2 })
      assert.deepEqual(comparable(ours.log), comparable(verdicts[i].log), source)
    }
  })
}
