import assert from "node:assert/strict"
import { test } from "node:test"
import type { ProgramType } from "../../object/index.ts"
import { explainRefusal } from "./explain.ts"
import { summarise } from "./log.ts"
import { splitLog } from "./report.ts"

/** One case: so a log reads in C's terms. */
function explains(want: string, log: string, type: ProgramType = "kprobe"): void {
  test(want, () => {
    const { plain, report } = splitLog(log)
    const { reason } = summarise(plain)
    const explained = explainRefusal({ log: plain, reason, type, report, placeOf: slot => `a.c:${slot}` })
    assert.equal(explained?.what, want)
    assert.ok(explained.hint.length > 5)
  })
}

// As kernels before 6.9 word it.
explains(
  "the pointer that a lookup in a map gave may be NULL where what it points to is read",
  `4: (85) call bpf_map_lookup_elem#1    ; R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)
; return *p;
5: (61) r0 = *(u32 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
processed 5 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0`,
)
explains(
  "a number is used as a pointer where memory is written",
  "1: (73) *(u8 *)(r1 +0) = r2\nR1 invalid mem access 'inv'",
)
explains(
  "a local variable is passed to bpf_map_lookup_elem before all of its bytes are set",
  "3: (85) call bpf_map_lookup_elem#1\ninvalid indirect read from stack R2 off -8+4 size 8",
)
explains(
  "a local variable is read before all of its bytes are set",
  "3: (61) r0 = *(u32 *)(r10 -8)\ninvalid read from stack off -8+0 size 4",
)
explains(
  "the program returns 2, and one of type xdp returns 0 to 1 only",
  "1: (95) exit\nAt program exit the register R0 has value (0x2; 0x0) should have been in (0x0; 0x1)",
  "xdp",
)
explains(
  "the program returns a value that is not known, and one of type lsm returns 0 only",
  "1: (95) exit\nAt program exit the register R0 has unknown scalar value should have been in (0x0; 0x0)",
  "lsm",
)
explains(
  "following every path of the program takes the verifier more than 1,000,000 instructions",
  "9: (61) r0 = *(u32 *)(r10 -8)\nBPF program is too large. Processed 1000001 insn\nprocessed 1000001 insns (limit 1000000)",
)
explains(
  "the program has more than 8192 branches that are open at once",
  "5: (15) if r0 == 0x0 goto pc+1\nThe sequence of 8193 jumps is too complex.",
)
explains("the loop has no end that the verifier can see", "back-edge from insn 7 to 3\n")
explains("more than 8 functions call each other", "the call stack of 9 frames is too deep !\n")
explains(
  "what bpf_sk_lookup_tcp gave at a.c:4 is not given back on every path to the end",
  "4: (85) call bpf_sk_lookup_tcp#84\n9: (95) exit\nUnreleased reference id=2 alloc_insn=4\nprocessed 9 insns (limit 1000000)",
)
explains("the function ends without a value to return", "0: (95) exit\nR0 !read_ok")
explains(
  "programs of type kprobe may not call the kernel's bpf_task_release",
  "3: (85) call bpf_task_release#123\ncalling kernel function bpf_task_release is not allowed",
)
explains(
  "argument 2 of bpf_task_storage_get may be NULL",
  "3: (85) call bpf_task_storage_get#156\nR2 type=ptr_or_null_ expected=ptr_, trusted_ptr_",
)
explains(
  "the index into a value of map 'm' may be negative",
  "2: (0f) r7 += r1   ; R7_w=map_value(off=0,ks=4,vs=8,map=m)\n3: (71) r0 = *(u8 *)(r7 +0)\nR7 min value is negative, either use unsigned index or do a if (index >=0) check.",
)
explains(
  "the size that is argument 2 of bpf_probe_read has no bound",
  "3: (85) call bpf_probe_read#4\nR2 min value is negative, either use unsigned or 'var &= const'",
)
explains(
  "a number is added to the packet's end, which cannot be computed with",
  "3: (07) r2 += 8\nR2 pointer arithmetic on pkt_end prohibited",
)
explains(
  "memory behind the end of the kernel's struct task_struct is read",
  "3: (61) r0 = *(u32 *)(r1 +99999)\naccess beyond struct task_struct at off 99999 size 4",
)

explains(
  "the program returns 2, and one of type kprobe returns 0 to 1 only",
  "1: (95) exit\nAt callback return the register R0 has smin=2 smax=2 should have been in [0, 1]",
)
explains("two pointers are added", "1: (0f) r1 += r2\nR1 pointer += pointer prohibited")
explains(
  "a number is added to the packet that is far too large, or not bounded",
  "1: (0f) r1 += r2\nmath between pkt pointer and 4294967294 is not allowed",
)
explains(
  "a negative number was added to a value of kind dynptr_ptr",
  "1: (85) call bpf_x#5\nnegative offset dynptr_ptr ptr R1 off=-8 disallowed",
)
explains(
  "a pointer to an object of the kernel in a map is used otherwise than whole",
  "1: (79) r1 = *(u64 *)(r0 +0)\nkptr access size must be BPF_DW",
)
explains(
  "a dynptr is used that is not set up, or is used twice",
  "1: (85) call bpf_dynptr_read#201\nExpected an initialized dynptr as arg #3",
)
explains(
  "a global function returns no number",
  "Global function foo() doesn't return scalar. Only those are supported.",
)
explains(
  "the program does something that this user may not",
  "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN",
)
explains("the program's code is damaged, or made for another kernel", "unknown opcode ff")
explains("this kernel has no helper bpf_ktime_x", "1: (85) call bpf_ktime_x#999\nunknown func bpf_ktime_x")
explains(
  "a pointer is computed with in a way that only privileged users may",
  "1: (1f) r1 -= r2\nR1 tried to subtract pointer from scalar",
)

explains(
  "a place outside of the buffer that the context gives is used",
  "1: (61) r0 = *(u32 *)(r1 -4)\nR1 invalid rdwr buffer access: off=-4, size=4",
)
explains(
  "programs may not implement get_info of the kernel's tcp_congestion_ops",
  "attach to unsupported member get_info of struct tcp_congestion_ops",
)

const REPORT = `3: (71) r0 = *(u8 *)(r7 +0)
the tooth of the gear is worn

Verification failed: Memory Safety: Gear slips

Reason:
  The gear may slip past its tooth, because the tooth is
  worn.

At:
  f @ dir/a.c:12:7
  Source context:
        11 |   turn();
    >>> 12 |   slip();
           |   ^-- error: gear slips
  Instruction context:
         2 | r7 += r1
    >>>  3 | r0 = *(u8 *)(r7 +0)

Suggestion:
  Change the tooth.

processed 4 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`

// As kernels since 7.3 write it, beside the line of before.
explains("gear slips: The gear may slip past its tooth, because the tooth is worn", REPORT)
explains(
  "the pointer that a lookup in a map gave may be NULL where what it points to is read",
  REPORT.replace("the tooth of the gear is worn", "R7 invalid mem access 'map_value_or_null'"),
)

test("a report in its parts", () => {
  const { plain, report } = splitLog(REPORT)
  assert.deepEqual(report, {
    category: "Memory Safety",
    problem: "Gear slips",
    reason: "The gear may slip past its tooth, because the tooth is worn.",
    suggestion: "Change the tooth.",
    place: { file: "dir/a.c", line: 12 },
    slot: 3,
  })
  assert.deepEqual(summarise(plain), { reason: "the tooth of the gear is worn", slot: 3, quoted: undefined })
})

test("a report without lines of source, and one that is cut off", () => {
  assert.equal(splitLog("Verification failed: Policy: No\n\nAt:\n  insn 17\n").report?.slot, 17)
  assert.deepEqual(splitLog("Verification failed: Policy").report, {
    category: "Policy",
    problem: "",
    reason: "",
    suggestion: "",
    place: undefined,
    slot: undefined,
  })
})

test("words that are not known are not explained", () => {
  assert.equal(
    explainRefusal({ log: "0: (95) exit\nx", reason: "x", type: "xdp", placeOf: () => undefined }),
    undefined,
  )
})
