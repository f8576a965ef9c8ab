import { findMember, sizeOf } from "../../btf/index.ts"
import type { Env } from "../env.ts"
import { EACCES } from "../refuse.ts"
import type { Reg } from "../reg.ts"
import { walkStruct } from "../types/index.ts"

/** What programs of a kind may write of the kernel's structures. */
interface Writable {
  readonly structs: readonly string[]
  /** Without them all of the structure. */
  readonly fields?: readonly string[]
  /** Writes begin where a field does. */
  readonly whole?: boolean
  /** What the log calls the structure. */
  readonly name: string
  /** What the log says of a write to another one. */
  readonly others?: string
}

/** Marks of connections: net/netfilter/nf_conntrack_bpf.c. */
const CONNECTION: Writable = {
  structs: ["nf_conn", "nf_conn___init"],
  name: "nf_conn",
  fields: ["mark", "ct.mark"],
  whole: true,
}

/** By program type, Linux 6.1 to 6.18. */
const BY_TYPE: Readonly<Record<string, Writable>> = { sched_cls: CONNECTION, sched_act: CONNECTION, xdp: CONNECTION }

/**
 * Programs of struct_ops, by the table of operations. Source: the `btf_struct_access` of net/ipv4/bpf_tcp_ca.c, kernel/sched/ext.c and
 * net/bpf/bpf_dummy_struct_ops.c, Linux 6.1 to 6.18.
 */
const BY_TABLE: Readonly<Record<string, Writable>> = {
  tcp_congestion_ops: {
    structs: ["tcp_sock"],
    name: "tcp_sock",
    fields: [
      "inet_conn.icsk_inet.sk.sk_pacing_rate",
      "inet_conn.icsk_inet.sk.sk_pacing_status",
      "inet_conn.icsk_ca_priv",
      "inet_conn.icsk_ack.pending",
      "snd_cwnd",
      "snd_cwnd_cnt",
      "snd_cwnd_stamp",
      "snd_ssthresh",
      "ecn_flags",
      "app_limited",
    ],
  },
  sched_ext_ops: {
    structs: ["task_struct"],
    name: "task_struct",
    fields: ["scx.slice", "scx.dsq_vtime", "scx.disallow"],
  },
  bpf_dummy_ops: {
    structs: ["bpf_dummy_ops_state"],
    name: "bpf_dummy_ops_state",
    others: "only access to bpf_dummy_ops_state is supported",
  },
}

/** Refuses a write to a structure of the kernel but to what the program's kind may write. */
export function checkKernelWrite(env: Env, reg: Reg, off: number, size: number): void {
  const { attachTo, type } = env.input
  const writable = type === "struct_ops" ? BY_TABLE[attachTo?.btf.name(attachTo.type) ?? ""] : BY_TYPE[type]
  if (writable === undefined || !writable.structs.includes(reg.btf.name(reg.aux))) {
    env.refuse(EACCES, writable?.others ?? "only read is supported")
  }
  if (writable.fields === undefined) {
    const walked = walkStruct(reg.btf, reg.aux, { offset: off, size, kernel: env.version })
    if (walked.kind === "refused") env.refuse(walked.errno, walked.message)
    return
  }
  for (const path of writable.fields) {
    const place = placeOf(reg, path)
    if (place === undefined || off < place.offset || off >= place.offset + place.size) continue
    if (writable.whole && off !== place.offset) continue
    const end = place.offset + place.size
    if (off + size <= end) return
    env.refuse(
      EACCES,
      `write access at off ${off} with size ${size} beyond the member of ${writable.name} ended at ${end}`,
    )
  }
  env.refuse(EACCES, `no write support to ${writable.name} at off ${off}`)
}

/** Where the member of a path, `scx.slice`, is. */
function placeOf({ btf, aux }: Reg, path: string): { offset: number; size: number } | undefined {
  let id = aux
  let offset = 0
  for (const name of path.split(".")) {
    const found = findMember(btf, id, name)
    if (found === undefined) return undefined
    offset += found.bitOffset >> 3
    id = found.type
  }
  return { offset, size: sizeOf(btf, id) }
}
