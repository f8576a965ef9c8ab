import assert from "node:assert/strict"
import { test } from "node:test"
import { logText, summarise } from "./log.ts"

function summary(name: string, log: string, want: { reason: string; slot?: number; quoted?: string }): void {
  test(name, () => assert.deepEqual(summarise(log), { slot: undefined, quoted: undefined, ...want }))
}

summary(
  "a log of Linux 6.1",
  `0: R1=ctx(off=0,imm=0) R10=fp0
; int *p = bpf_map_lookup_elem(&m, &k);
0: (bf) r2 = r10                      ; R2_w=fp0 R10=fp0
3: (85) call bpf_map_lookup_elem#1    ; R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)
; return *p;
4: (61) r0 = *(u32 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
processed 5 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`,
  { reason: "R0 invalid mem access 'map_value_or_null'", slot: 4, quoted: "return *p;" },
)
summary(
  "a source line with its place, as since Linux 6.9",
  `; x = y; @ prog.c:12
12: (bf) r0 = r3
R3 !read_ok
processed 13 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0`,
  { reason: "R3 !read_ok", slot: 12, quoted: "x = y;" },
)
summary(
  "states after the fault",
  `1: (15) if r0 == 0x0 goto pc-1
infinite loop detected at insn 1
cur state: R0=0 R1=ctx() R10=fp0
old state: R0=P0 R1=ctx() R10=fp0
processed 2 insns (limit 1000000)`,
  { reason: "infinite loop detected at insn 1", slot: 1 },
)
summary(
  "a fault behind the jump that it is about",
  `28: (61) r1 = *(u32 *)(r1 +0) ; R1=scalar()
29: (25) if r1 > 0x0 goto pc+1 infinite loop detected at insn 31
cur state: R1=scalar(umin=1) R2=55
processed 672 insns (limit 1000000)`,
  { reason: "infinite loop detected at insn 31", slot: 31 },
)
summary("a fault without a line end", "invalid type id 1 in func infoprocessed 0 insns (limit 1000000) peak_states 0", {
  reason: "invalid type id 1 in func info",
})
summary("only a reason", "unreachable insn 7\n", { reason: "unreachable insn 7" })
summary("nothing but statistics", "processed 5 insns (limit 1000000)\nverification time 30 usec\nstack depth 8\n", {
  reason: "",
})
summary("nothing", "", { reason: "" })

test("a log ends at its first zero byte", () => {
  const buffer = new Uint8Array(100)
  buffer.set(new TextEncoder().encode("two\nlines\n"))
  assert.equal(logText(buffer), "two\nlines")
  assert.equal(logText(new Uint8Array([97, 98])), "ab")
})
