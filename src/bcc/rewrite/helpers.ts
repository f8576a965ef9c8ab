import * as c from "../../c/index.ts"

/** What kind of value a function without a body gives. */
export type ResultKind =
  /** A pointer to memory of the program. */
  | "own"
  /** A pointer to a kernel object that the verifier knows. */
  | "typed"
  | "packet"
  /** Its first argument. */
  | "first"
  | "number"

const TYPED_RESULT = new Set([
  "bpf_get_current_task_btf",
  "bpf_task_pt_regs",
  "bpf_per_cpu_ptr",
  "bpf_this_cpu_ptr",
  "bpf_sk_lookup_tcp",
  "bpf_sk_lookup_udp",
  "bpf_skc_lookup_tcp",
  "bpf_sk_fullsock",
  "bpf_tcp_sock",
  "bpf_get_listener_sock",
  "bpf_sock_from_file",
  "bpf_skc_to_tcp_sock",
  "bpf_skc_to_tcp6_sock",
  "bpf_skc_to_tcp_timewait_sock",
  "bpf_skc_to_tcp_request_sock",
  "bpf_skc_to_udp6_sock",
  "bpf_skc_to_unix_sock",
  "bpf_skc_to_mptcp_sock",
  "bpf_kptr_xchg",
])

const FIRST_ARGUMENT = new Set(["memcpy", "memmove", "memset", "expect"])

export function resultOf(fn: c.FunctionDecl): ResultKind {
  if (fn.builtin !== undefined) return FIRST_ARGUMENT.has(fn.builtin) ? "first" : "number"
  const pointer = c.canonical(fn.type.ret).kind === "pointer"
  if (fn.helper === undefined) return pointer ? "typed" : "number"
  if (TYPED_RESULT.has(fn.name)) return "typed"
  return pointer ? "own" : "number"
}

/** Whether a function without a body may write to where its `i`-th argument points: the parameter is no pointer to const. */
export function writesThrough(fn: c.FunctionDecl, i: number): boolean {
  if (i >= fn.type.params.length) return false
  const t = c.canonical(fn.type.params[i])
  return t.kind === "pointer" && (c.qualsOf(t.to) & c.CONST) === 0
}
