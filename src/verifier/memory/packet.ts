import type { Env } from "../env.ts"

/** Program types whose helpers and instructions may change packets, and those that only read them. */
const WRITES = new Set(["sched_cls", "sched_act", "xdp", "lwt_xmit", "sk_skb", "sk_msg", "cgroup_sockopt"])
const READS = new Set(["cgroup_skb", "lwt_in", "lwt_out", "lwt_seg6local", "sk_reuseport", "flow_dissector"])

/** Whether stores to packets are allowed. */
export const mayWritePacket = (env: Env): boolean => WRITES.has(env.programType)

/** Whether a helper may be handed pointers into packets: `packetAccess` says whether it takes them at all. */
export const mayPassPacket = (env: Env, packetAccess: boolean): boolean =>
  packetAccess && (WRITES.has(env.programType) || READS.has(env.programType))
