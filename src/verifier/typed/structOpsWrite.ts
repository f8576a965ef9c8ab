import { findMember, sizeOf } from "../../btf/index.ts"
import type { Env } from "../env.ts"
import { EACCES } from "../refuse.ts"
import type { Reg } from "../reg.ts"

/** Fields of the kernel's structures that programs of a table of operations may write. */
interface Writable {
  readonly struct: string
  readonly fields: readonly string[]
  /** What the log calls the structure. */
  readonly name: string
}

/**
 * By the table of operations. Source: the `btf_struct_access` of net/ipv4/bpf_tcp_ca.c and kernel/sched/ext.c, Linux 6.1 to 6.18.
 */
const WRITABLE: Readonly<Record<string, Writable>> = {
  tcp_congestion_ops: {
    struct: "tcp_sock",
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
  sched_ext_ops: { struct: "task_struct", name: "task_struct", fields: ["scx.slice", "scx.dsq_vtime", "scx.disallow"] },
}

/** Refuses a write to a structure of the kernel but to what the program's kind may write. */
export function checkStructOpsWrite(env: Env, reg: Reg, off: number, size: number): void {
  const { attachTo, type } = env.input
  const table = type === "struct_ops" && attachTo !== undefined ? attachTo.btf.name(attachTo.type) : ""
  const writable = WRITABLE[table]
  if (writable === undefined || reg.btf.name(reg.aux) !== writable.struct) env.refuse(EACCES, "only read is supported")
  for (const path of writable.fields) {
    const place = placeOf(reg, path)
    if (place === undefined || off < place.offset || off >= place.offset + place.size) continue
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
