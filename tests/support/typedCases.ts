import type { Place } from "./verifierPlaces.ts"

const TC: Place = { type: "sched_cls" }
const SWITCH: Place = { type: "tracing", attachType: "trace_raw_tp", target: "btf_trace_sched_switch" }
const SYSCALL: Place = { type: "syscall", sleepable: true }
const ITER: Place = { type: "tracing", attachType: "trace_iter", target: "bpf_iter_task" }
const XDP: Place = { type: "xdp" }

/** Finds a connection: r0, which is not null behind it. */
const CONNECTION = [
  "r2 = 0",
  ...[16, 24, 32, 40, 48, 56].map(at => `*(u64 *)(r10 -${at}) = r2`),
  "r2 = r10\nr2 += -32\nr3 = 12\nr4 = r10\nr4 += -56\nr5 = 12\n@bpf_skb_ct_lookup\nif r0 == 0 goto out",
].join("\n")
const RELEASE = "r1 = r0\n@bpf_ct_release\nout:"

/** Programs about what belongs to the kernel: the place, a name and the text, in which `@name` calls a function of the kernel, and `{struct.member}` is an offset. */
export const TYPED_CASES: readonly (readonly [Place, string, string])[] = [
  [TC, "read section", "@bpf_rcu_read_lock\n@bpf_rcu_read_unlock"],
  [TC, "read section that is not left", "@bpf_rcu_read_lock"],
  [
    TC,
    "read section in a read section",
    "@bpf_rcu_read_lock\n@bpf_rcu_read_lock\n@bpf_rcu_read_unlock\n@bpf_rcu_read_unlock",
  ],
  [TC, "read section that was not entered", "@bpf_rcu_read_unlock"],
  [TC, "preemption twice", "@bpf_preempt_disable\n@bpf_preempt_disable\n@bpf_preempt_enable\n@bpf_preempt_enable"],
  [TC, "preemption not enabled", "@bpf_preempt_disable"],
  [TC, "preemption enabled only", "@bpf_preempt_enable"],
  [
    SYSCALL,
    "sleeps without preemption",
    "@bpf_preempt_disable\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\ncall bpf_copy_from_user\n@bpf_preempt_enable",
  ],
  [
    SYSCALL,
    "sleeps in a read section",
    "@bpf_rcu_read_lock\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\ncall bpf_copy_from_user\n@bpf_rcu_read_unlock",
  ],
  [TC, "interrupts", "r1 = r10\nr1 += -8\n@bpf_local_irq_save\nr1 = r10\nr1 += -8\n@bpf_local_irq_restore"],
  [TC, "interrupts not restored", "r1 = r10\nr1 += -8\n@bpf_local_irq_save"],
  [TC, "interrupts restored from nothing", "r1 = r10\nr1 += -8\n@bpf_local_irq_restore"],
  [
    TC,
    "interrupts restored out of order",
    "r1 = r10\nr1 += -8\n@bpf_local_irq_save\nr1 = r10\nr1 += -16\n@bpf_local_irq_save\nr1 = r10\nr1 += -8\n@bpf_local_irq_restore",
  ],
  [TC, "interrupts saved twice", "r1 = r10\nr1 += -8\n@bpf_local_irq_save\nr1 = r10\nr1 += -8\n@bpf_local_irq_save"],
  [
    TC,
    "iterator of numbers",
    "r1 = r10\nr1 += -8\nr2 = 0\nr3 = 10\n@bpf_iter_num_new\nloop:\nr1 = r10\nr1 += -8\n@bpf_iter_num_next\nif r0 == 0 goto out\nr6 = *(u32 *)(r0 +0)\ngoto loop\nout:\nr1 = r10\nr1 += -8\n@bpf_iter_num_destroy",
  ],
  [TC, "iterator that is not ended", "r1 = r10\nr1 += -8\nr2 = 0\nr3 = 10\n@bpf_iter_num_new"],
  [TC, "iterator that was not begun", "r1 = r10\nr1 += -8\n@bpf_iter_num_next"],
  [
    TC,
    "iterator begun twice",
    "r1 = r10\nr1 += -8\nr2 = 0\nr3 = 10\n@bpf_iter_num_new\nr1 = r10\nr1 += -8\nr2 = 0\nr3 = 10\n@bpf_iter_num_new",
  ],
  [
    TC,
    "iterator's value without a check",
    "r1 = r10\nr1 += -8\nr2 = 0\nr3 = 10\n@bpf_iter_num_new\nr1 = r10\nr1 += -8\n@bpf_iter_num_next\nr6 = *(u32 *)(r0 +0)",
  ],
  [
    TC,
    "iterator read directly",
    "r1 = r10\nr1 += -8\nr2 = 0\nr3 = 10\n@bpf_iter_num_new\nr6 = *(u64 *)(r10 -8)\nr1 = r10\nr1 += -8\n@bpf_iter_num_destroy",
  ],
  [
    TC,
    "iterator overwritten",
    "r1 = r10\nr1 += -8\nr2 = 0\nr3 = 10\n@bpf_iter_num_new\n*(u64 *)(r10 -8) = 0\nr1 = r10\nr1 += -8\n@bpf_iter_num_destroy",
  ],
  [SWITCH, "task by number", "r1 = 1\n@bpf_task_from_pid\nif r0 == 0 goto out\nr1 = r0\n@bpf_task_release\nout:"],
  [SWITCH, "task that is kept", "r1 = 1\n@bpf_task_from_pid\nif r0 == 0 goto out\nout:"],
  [SWITCH, "task released without a check", "r1 = 1\n@bpf_task_from_pid\nr1 = r0\n@bpf_task_release"],
  [
    SWITCH,
    "task used after its release",
    "r1 = 1\n@bpf_task_from_pid\nif r0 == 0 goto out\nr6 = r0\nr1 = r0\n@bpf_task_release\nr1 = *(u32 *)(r6 +0)\nout:",
  ],
  [SWITCH, "argument that is released", "r1 = *(u64 *)(r1 +8)\n@bpf_task_release"],
  [
    SWITCH,
    "argument that is acquired",
    "r1 = *(u64 *)(r1 +8)\n@bpf_task_acquire\nif r0 == 0 goto out\nr1 = r0\n@bpf_task_release\nout:",
  ],
  [SWITCH, "pointer of a task", "r6 = *(u64 *)(r1 +8)\nr1 = *(u64 *)(r6 +2000)\nr1 = *(u64 *)(r1 +0)"],
  [SWITCH, "write to a task", "r6 = *(u64 *)(r1 +8)\n*(u64 *)(r6 +0) = 0"],
  [SWITCH, "task with an offset", "r6 = *(u64 *)(r1 +8)\nr6 += 8\nr1 = *(u32 *)(r6 +0)"],
  [SWITCH, "task before its start", "r6 = *(u64 *)(r1 +8)\nr1 = *(u32 *)(r6 -4)"],
  [
    SWITCH,
    "task at a variable offset",
    "r6 = *(u64 *)(r1 +8)\nr7 = *(u32 *)(r6 +0)\nr7 &= 8\nr6 += r7\nr1 = *(u32 *)(r6 +0)",
  ],
  [SWITCH, "task for a helper", "r1 = *(u64 *)(r1 +8)\nr2 = r10\nr2 += -64\nr3 = 64\nr4 = 0\ncall bpf_get_task_stack"],
  [
    SWITCH,
    "number for a helper that wants a task",
    "r1 = 0\nr2 = r10\nr2 += -64\nr3 = 64\nr4 = 0\ncall bpf_get_task_stack",
  ],
  [
    SWITCH,
    "the current task",
    "call bpf_get_current_task_btf\nr1 = *(u32 *)(r0 +0)\nr1 = r0\n@bpf_task_acquire\nif r0 == 0 goto out\nr1 = r0\n@bpf_task_release\nout:",
  ],
  [ITER, "task of an iterator without a check", "r1 = *(u64 *)(r1 +8)\nr1 = *(u32 *)(r1 +0)"],
  [ITER, "task of an iterator", "r6 = *(u64 *)(r1 +8)\nif r6 == 0 goto out\nr1 = *(u32 *)(r6 +0)\nout:"],
  [
    ITER,
    "writes to the file of an iterator",
    "r6 = *(u64 *)(r1 +0)\nr1 = *(u64 *)(r6 +0)\n*(u64 *)(r10 -8) = 0\nr2 = r10\nr2 += -8\nr3 = 8\ncall bpf_seq_write",
  ],
  [
    TC,
    "dynptr of a packet",
    "r2 = 0\nr3 = r10\nr3 += -16\n@bpf_dynptr_from_skb\nr1 = r10\nr1 += -16\n@bpf_dynptr_size",
  ],
  [
    TC,
    "slice of a packet",
    "r2 = 0\nr3 = r10\nr3 += -16\n@bpf_dynptr_from_skb\nr1 = r10\nr1 += -16\nr2 = 0\nr3 = r10\nr3 += -32\nr4 = 14\n@bpf_dynptr_slice\nif r0 == 0 goto out\nr1 = *(u8 *)(r0 +13)\nout:",
  ],
  [
    TC,
    "behind a slice of a packet",
    "r2 = 0\nr3 = r10\nr3 += -16\n@bpf_dynptr_from_skb\nr1 = r10\nr1 += -16\nr2 = 0\nr3 = r10\nr3 += -32\nr4 = 14\n@bpf_dynptr_slice\nif r0 == 0 goto out\nr1 = *(u8 *)(r0 +14)\nout:",
  ],
  [
    TC,
    "write to a slice that is read only",
    "r2 = 0\nr3 = r10\nr3 += -16\n@bpf_dynptr_from_skb\nr1 = r10\nr1 += -16\nr2 = 0\nr3 = r10\nr3 += -32\nr4 = 14\n@bpf_dynptr_slice\nif r0 == 0 goto out\n*(u8 *)(r0 +0) = 0\nout:",
  ],
  [
    TC,
    "slice without a check",
    "r2 = 0\nr3 = r10\nr3 += -16\n@bpf_dynptr_from_skb\nr1 = r10\nr1 += -16\nr2 = 0\nr3 = r10\nr3 += -32\nr4 = 14\n@bpf_dynptr_slice\nr1 = *(u8 *)(r0 +0)",
  ],
  [TC, "dynptr that was not made", "r1 = r10\nr1 += -16\n@bpf_dynptr_size"],
  [TC, "dynptr at an odd place", "r2 = 0\nr3 = r10\nr3 += -12\n@bpf_dynptr_from_skb"],
  [TC, "dynptr at the end of the frame", "r2 = 0\nr3 = r10\nr3 += -8\n@bpf_dynptr_from_skb"],
  [
    TC,
    "dynptr overwritten",
    "r2 = 0\nr3 = r10\nr3 += -16\n@bpf_dynptr_from_skb\n*(u64 *)(r10 -16) = 0\nr1 = r10\nr1 += -16\n@bpf_dynptr_size",
  ],
  [TC, "dynptr read directly", "r2 = 0\nr3 = r10\nr3 += -16\n@bpf_dynptr_from_skb\nr1 = *(u64 *)(r10 -16)"],
  [
    XDP,
    "dynptr of a frame",
    "r2 = 0\nr3 = r10\nr3 += -16\n@bpf_dynptr_from_xdp\nr1 = r10\nr1 += -16\nr2 = 0\nr3 = r10\nr3 += -32\nr4 = 14\n@bpf_dynptr_slice_rdwr\nif r0 == 0 goto out\n*(u8 *)(r0 +13) = 0\nout:",
  ],
  [
    XDP,
    "slice after the frame has moved",
    "r6 = r1\nr2 = 0\nr3 = r10\nr3 += -16\n@bpf_dynptr_from_xdp\nr1 = r10\nr1 += -16\nr2 = 0\nr3 = r10\nr3 += -32\nr4 = 14\n@bpf_dynptr_slice_rdwr\nif r0 == 0 goto out\nr7 = r0\nr1 = r6\nr2 = 4\ncall bpf_xdp_adjust_head\n*(u8 *)(r7 +13) = 0\nout:",
  ],
  [TC, "context as the kernel's", "@bpf_cast_to_kern_ctx\nr1 = *(u32 *)(r0 +112)"],
  [SYSCALL, "keys", "r1 = 0\n@bpf_lookup_system_key\nif r0 == 0 goto out\nr1 = r0\n@bpf_key_put\nout:"],
  [SYSCALL, "key that is kept", "r1 = 0\n@bpf_lookup_system_key"],
  [
    SWITCH,
    "processor mask",
    "@bpf_cpumask_create\nif r0 == 0 goto out\nr6 = r0\nr1 = 0\nr2 = r6\n@bpf_cpumask_set_cpu\nr1 = r6\n@bpf_cpumask_release\nout:",
  ],
  [SWITCH, "processor mask that may be null", "@bpf_cpumask_create\nr6 = r0\nr1 = 0\nr2 = r6\n@bpf_cpumask_set_cpu"],
  [SWITCH, "processor mask that is written", "@bpf_cpumask_create\nif r0 == 0 goto out\n*(u64 *)(r0 +0) = 0\nout:"],
  [SWITCH, "text of a function", "r1 = r10\nr1 += -8\n*(u64 *)(r10 -8) = 0\nr2 = r1\n@bpf_strcmp"],
  [
    SWITCH,
    "walk of all tasks",
    "r1 = r10\nr1 += -24\nr2 = 0\nr3 = 1\n@bpf_iter_task_new\nloop:\nr1 = r10\nr1 += -24\n@bpf_iter_task_next\nif r0 == 0 goto out\nr6 = *(u32 *)(r0 +0)\ngoto loop\nout:\nr1 = r10\nr1 += -24\n@bpf_iter_task_destroy",
  ],
  [SYSCALL, "walk of tasks outside of a read section", "r1 = r10\nr1 += -24\nr2 = 0\nr3 = 1\n@bpf_iter_task_new"],
  [
    SYSCALL,
    "walk of tasks that outlives its read section",
    "@bpf_rcu_read_lock\nr1 = r10\nr1 += -24\nr2 = 0\nr3 = 1\n@bpf_iter_task_new\n@bpf_rcu_read_unlock\n@bpf_rcu_read_lock\nr1 = r10\nr1 += -24\n@bpf_iter_task_next\n@bpf_rcu_read_unlock\nr1 = r10\nr1 += -24\n@bpf_iter_task_destroy",
  ],
  [
    SWITCH,
    "parent of a task, without a check",
    "r6 = *(u64 *)(r1 +8)\nr1 = *(u64 *)(r6 +{task_struct.real_parent})\nr1 = *(u32 *)(r1 +0)",
  ],
  [
    SWITCH,
    "parent of a task",
    "r6 = *(u64 *)(r1 +8)\nr1 = *(u64 *)(r6 +{task_struct.real_parent})\nif r1 == 0 goto out\n@bpf_task_acquire\nif r0 == 0 goto out\nr1 = r0\n@bpf_task_release\nout:",
  ],
  [
    SWITCH,
    "group leader of a task",
    "r6 = *(u64 *)(r1 +8)\nr1 = *(u64 *)(r6 +{task_struct.group_leader})\n@bpf_task_acquire\nif r0 == 0 goto out\nr1 = r0\n@bpf_task_release\nout:",
  ],
  [
    SWITCH,
    "a pointer of a task that nobody vouches for",
    "r6 = *(u64 *)(r1 +8)\nr1 = *(u64 *)(r6 +{task_struct.last_wakee})\n@bpf_task_acquire\nif r0 == 0 goto out\nr1 = r0\n@bpf_task_release\nout:",
  ],
  [
    SWITCH,
    "memory of a task of another",
    "r6 = *(u64 *)(r1 +8)\nr7 = *(u64 *)(r6 +{task_struct.mm})\nr1 = *(u64 *)(r7 +{mm_struct.pgd})\nr1 = *(u64 *)(r1 +0)",
  ],
  [
    SYSCALL,
    "parent of a task outside of a read section",
    "call bpf_get_current_task_btf\nr1 = *(u64 *)(r0 +{task_struct.real_parent})\n@bpf_task_acquire\nif r0 == 0 goto out\nr1 = r0\n@bpf_task_release\nout:",
  ],
  [
    SYSCALL,
    "parent of a task in a read section",
    "@bpf_rcu_read_lock\ncall bpf_get_current_task_btf\nr6 = *(u64 *)(r0 +{task_struct.real_parent})\nif r6 == 0 goto out\nr1 = *(u32 *)(r6 +0)\nout:\n@bpf_rcu_read_unlock",
  ],
  [
    SYSCALL,
    "parent of a task after the read section",
    "@bpf_rcu_read_lock\ncall bpf_get_current_task_btf\nr6 = *(u64 *)(r0 +{task_struct.real_parent})\n@bpf_rcu_read_unlock\nr1 = r6\n@bpf_task_acquire\nif r0 == 0 goto out\nr1 = r0\n@bpf_task_release\nout:",
  ],
  [TC, "mark of a connection", `${CONNECTION}\nr1 = 7\n*(u32 *)(r0 +{nf_conn.mark}) = r1\n${RELEASE}`],
  [TC, "half of a connection's mark", `${CONNECTION}\nr1 = 7\n*(u16 *)(r0 +{nf_conn.mark}) = r1\n${RELEASE}`],
  [TC, "more than a connection's mark", `${CONNECTION}\nr1 = 7\n*(u64 *)(r0 +{nf_conn.mark}) = r1\n${RELEASE}`],
  [TC, "status of a connection", `${CONNECTION}\nr1 = 7\n*(u32 *)(r0 +{nf_conn.status}) = r1\n${RELEASE}`],
  [SWITCH, "a task's field", "r2 = *(u64 *)(r1 +8)\nr1 = 7\n*(u32 *)(r2 +{task_struct.pid}) = r1"],
]
