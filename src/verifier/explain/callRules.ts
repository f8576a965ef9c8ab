import { helperById, helperByName, mapTypes } from "../../isa/index.ts"
import { calleeOf, type Fault, inWords } from "./fault.ts"
import type { Explanation, Rule } from "./rule.ts"

/** A helper that this program, or this kernel, has not. */
function noHelper(name: string, number: string | undefined, { type }: Fault): Omit<Explanation, "category"> {
  const known = helperByName(name) ?? helperById(Number(number))
  if (known === undefined) {
    return {
      what: `this kernel has no helper ${number === undefined ? name : `with number ${number}`}`,
      hint: "the kernel is too old for it, or the number is wrong",
    }
  }
  return {
    what: `programs of type ${type} may not call ${known.name}, or this kernel does not have it`,
    hint: `${known.name} came with Linux ${known.kernelSince}; another type of program, or another attachment, may have it`,
    missing: { feature: known.name, minKernel: known.kernelSince },
  }
}

const argument = (register: string, { callee }: Fault): string => `argument ${register} of ${callee ?? "the function"}`

/** Kinds that a helper takes, in words. */
function wanted(kinds: string): string {
  const all = kinds.split(/,\s*/)
  if (all.includes("map_ptr")) return "a map"
  if (all.includes("fp")) return "a pointer to memory of the program"
  if (all.includes("ctx")) return "the context"
  if (all.includes("scalar")) return "a number"
  return inWords(all[0])
}

/** Calls of helpers, of kernel functions and of other functions of the program. */
export const CALL_RULES: readonly Rule[] = [
  [
    /(?:unknown func|invalid func|cannot use helper) (\w+)(?:#(\d+))?/,
    ([, name, number], fault) => noHelper(name, number, fault),
  ],
  [
    /helper call is not allowed in probe|helper call is not allowed/,
    (_match, fault) => ({
      what: `programs of type ${fault.type} may not call ${fault.callee ?? "this helper"} here`,
      hint: "another type of program, or another attachment, may",
    }),
  ],
  [
    /GPL-restricted|GPL.compatible|non-GPL/,
    (_match, fault) => ({
      what: `${fault.callee ?? "a function of the kernel"} is for programs under the GPL, and this one says otherwise`,
      hint: 'say char license[] SEC("license") = "GPL"; or #define BPF_LICENSE GPL',
    }),
    "policy",
  ],
  [
    /R(\d+) type=(\S+) expected=(.*)/,
    ([, register, have, want], fault) => {
      const nullable = /_or_null|or_null_/.test(have)
      return {
        what: nullable
          ? `${argument(register, fault)} may be NULL`
          : `${argument(register, fault)} is ${inWords(have)} where ${wanted(want)} is wanted`,
        hint: nullable
          ? "test the pointer before using it: if (!p) return 0;"
          : "check the order of the arguments and their types",
      }
    },
    "register types",
  ],
  [
    /R(\d+) (?:unbounded memory access, use 'var|min value is negative, either use unsigned or)/,
    ([, register], fault) => ({
      what: `the size that is ${argument(register, fault)} has no bound`,
      hint: "compare it with the buffer's size before the call, as an unsigned number: if (n > sizeof(buf)) n = sizeof(buf);",
    }),
  ],
  [
    /R(\d+) invalid zero-sized read(?:: u64=\[0,(\d+)\])?/,
    ([, register, most], fault) => ({
      what: `the size that is ${argument(register, fault)} may be 0${Number(most) > 1 << 29 ? ", and has no upper bound" : ""}`,
      hint: "compare the size with 0 and with the buffer's size before the call",
    }),
  ],
  [
    /invalid zero-sized read/,
    (_match, { callee = "the helper" }) =>
      callee.startsWith("bpf_map_")
        ? {
            what: `${callee} is given a map that has no keys`,
            hint: "ring buffers and queues have helpers of their own: bpf_ringbuf_output, bpf_map_push_elem",
          }
        : {
            what: `the size that ${callee} is given may be 0`,
            hint: "compare the size with 0 and with the buffer's size before the call",
          },
  ],
  [
    /cannot pass map_type (\d+) into func (\w+)#/,
    ([, number, name]) => ({
      what: `${name} does not take a map of type ${mapTypes.name(Number(number)) ?? number}`,
      hint: "each type of map has helpers of its own: look at what the map is declared as",
    }),
  ],
  [
    /might sleep in a non-sleepable|sleepable (?:helper|kfunc|kernel func)|is sleepable within|must be sleepable/,
    (_match, fault) => ({
      what: `${fault.callee ?? "a function of the kernel"} may sleep, and this place of the program may not`,
      hint: 'programs that may sleep say so: SEC("fentry.s/…"), "lsm.s/…", "uprobe.s/…", "iter.s/…"; not under a lock or bpf_rcu_read_lock',
    }),
    "execution context",
  ],
  [
    /calling kernel function (\w+) is not allowed|kernel function (\w+) is not allowed|calling invalid kfunc (\w+)?/,
    (match, fault) => ({
      what: `programs of type ${fault.type} may not call the kernel's ${match[1] ?? match[2] ?? match[3] ?? "function"}`,
      hint: "the kernel lists for each type of program which of its functions may be called",
    }),
  ],
  [
    /kernel btf_id \d+ is not a (?:kernel )?function|kernel function btf_id/,
    () => ({
      what: "the kernel has no such function for programs to call",
      hint: "another version of the kernel may have it",
    }),
  ],
  [
    /Unreleased reference id=\d+ alloc_insn=(\d+)/,
    ([, slot], fault) => {
      const taker = calleeOf(fault.insnAt(Number(slot)))
      const place = fault.placeOf(Number(slot))
      return {
        what: `what ${taker ?? "the kernel"} gave${place === undefined ? "" : ` at ${place}`} is not given back on every path to the end`,
        hint: releaseHint(taker),
      }
    },
    "resource lifetime",
  ],
  [
    /(?:reference has not been acquired|R\d+ must be referenced|release kernel function .* expects)/,
    () => ({
      what: "something is given back that was not taken, or twice",
      hint: "release each object once, on the path that took it",
    }),
    "resource lifetime",
  ],
  [
    /(?:bpf_spin_unlock|bpf_rcu_read_unlock|unlock) is missing|inside bpf_(?:spin_lock|rcu_read_lock|preempt_disable|local_irq_save)-ed region|lock.* held/i,
    () => ({
      what: "the function ends, or calls another, while it holds a lock",
      hint: "unlock on every path before the end",
    }),
    "execution context",
  ],
  [
    /not allowed while holding a lock|while holding .*lock|in (?:rcu|preempt|irq).* region/i,
    (_match, fault) => ({
      what: `${fault.callee ?? "a function"} is called while a lock is held`,
      hint: "move the call in front of the lock or behind the unlock",
    }),
    "execution context",
  ],
]

function releaseHint(taker: string | undefined): string {
  switch (taker) {
    case "bpf_ringbuf_reserve":
      return "call bpf_ringbuf_submit or bpf_ringbuf_discard before each return"
    case "bpf_sk_lookup_tcp":
    case "bpf_sk_lookup_udp":
    case "bpf_skc_lookup_tcp":
      return "call bpf_sk_release before each return"
    default:
      return "release it before each return"
  }
}
