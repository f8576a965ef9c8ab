import type { ProgramType } from "../../object/index.ts"

/** Program types that see a packet of the network stack. */
export const ON_SKB: ReadonlySet<ProgramType> = new Set([
  "socket_filter",
  "sched_cls",
  "sched_act",
  "cgroup_skb",
  "lwt_in",
  "lwt_out",
  "lwt_xmit",
  "lwt_seg6local",
])
