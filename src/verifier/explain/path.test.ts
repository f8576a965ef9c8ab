import assert from "node:assert/strict"
import { test } from "node:test"
import { pathTo } from "./path.ts"

/** One case: the steps to the fault in the last line of a log. */
function leads(name: string, log: string, ...want: string[]): void {
  test(name, () => {
    const lines = log.trim().split("\n")
    const steps = pathTo(lines.join("\n"), lines.at(-1)!)
    assert.deepEqual(
      steps.map(({ slot, source, what }) => `${slot}: ${source} → ${what}`),
      want,
    )
  })
}

leads(
  "a number's way into an index",
  `
; int i = p[0]; @ a.c:3
1: (71) r2 = *(u8 *)(r1 +0)           ; R1=ctx() R2=scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))
; if (i > 100) return 0; @ a.c:4
2: (25) if r2 > 0x64 goto pc+9        ; R2=scalar(smin=smin32=0,smax=umax=smax32=umax32=100,var_off=(0x0; 0x7f))
; v += i; @ a.c:5
3: (0f) r0 += r2                      ; R0=map_value(map=counts,ks=4,vs=8,smin=smin32=0,smax=umax=smax32=umax32=100,var_off=(0x0; 0x7f))
; return *v; @ a.c:6
4: (71) r0 = *(u8 *)(r0 +0)
R0 max value is outside of the allowed memory range`,
  "1: int i = p[0]; → gives a number from 0 to 255",
  "2: if (i > 100) return 0; → goes on with a number from 0 to 100",
  "3: v += i; → gives a value of map 'counts', and 0 to 100 bytes more",
)
leads(
  "a value that waits on the stack",
  `
0: (85) call bpf_get_prandom_u32#7    ; R0=scalar()
1: (7b) *(u64 *)(r10 -8) = r0         ; R0=scalar(id=1) R10=fp0 fp-8=scalar(id=1)
2: (79) r3 = *(u64 *)(r10 -8)         ; R3=scalar(id=1) R10=fp0 fp-8=scalar(id=1)
3: (79) r0 = *(u64 *)(r3 +0)
R3 invalid mem access 'scalar'`,
  "0:  → bpf_get_prandom_u32 gives a number that can be anything",
)
leads(
  "the other side of a branch",
  `
0: (61) r1 = *(u32 *)(r1 +0)          ; R1=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))
1: (25) if r1 > 0x7 goto pc+1         ; R1=scalar(smin=0,smax=umax=7,var_off=(0x0; 0x7))
2: (b7) r0 = 0                        ; R0=0
3: (95) exit

from 1 to 3: R1=scalar(smin=umin=8,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)) R10=fp0
3: (79) r0 = *(u64 *)(r1 +0)
R1 invalid mem access 'scalar'`,
  "0:  → gives a number from 0 to 4294967295",
  "1:  → goes on with a number from 8 to 4294967295",
)
leads(
  "states as Linux 5.15 writes them",
  `
0: (85) call bpf_map_lookup_elem#1
1: R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0) R10=fp0
1: (79) r0 = *(u64 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'`,
  "0:  → bpf_map_lookup_elem gives a value of a map, or NULL",
)
leads("nothing leads to a register that was never set", "0: (bf) r0 = r7\nR7 !read_ok")
leads("a log without instructions", "unreachable insn 2")
