import type { ContextPlace } from "./access.ts"

/** The values that a program may return: both ends belong to it. */
export type ReturnRange = readonly [min: number, max: number]

/**
 * Ranges of return values by program type and, after a colon, attach type: `min..max`, `@6.10` from that kernel on. What is not here returns
 * what it wants.
 *
 * Source: `check_return_code`, Linux 6.1 to 6.18; the test beside this asks the running kernel.
 */
const RANGES: Readonly<Record<string, string>> = {
  cgroup_sock: "0..1",
  cgroup_sock_addr: "0..1",
  "cgroup_sock_addr:cgroup_inet4_bind": "0..3",
  "cgroup_sock_addr:cgroup_inet6_bind": "0..3",
  "cgroup_sock_addr:cgroup_udp4_recvmsg": "1..1",
  "cgroup_sock_addr:cgroup_udp6_recvmsg": "1..1",
  "cgroup_sock_addr:cgroup_unix_recvmsg": "1..1",
  "cgroup_sock_addr:cgroup_inet4_getpeername": "1..1",
  "cgroup_sock_addr:cgroup_inet6_getpeername": "1..1",
  "cgroup_sock_addr:cgroup_unix_getpeername": "1..1",
  "cgroup_sock_addr:cgroup_inet4_getsockname": "1..1",
  "cgroup_sock_addr:cgroup_inet6_getsockname": "1..1",
  "cgroup_sock_addr:cgroup_unix_getsockname": "1..1",
  cgroup_skb: "0..1",
  "cgroup_skb:cgroup_inet_egress": "0..3",
  sock_ops: "0..1",
  cgroup_device: "0..1",
  cgroup_sysctl: "0..1",
  cgroup_sockopt: "0..1",
  sk_lookup: "0..1",
  netfilter: "0..1",
  "tracing:trace_fentry": "0..0",
  "tracing:trace_fexit": "0..0",
  "tracing:trace_iter": "0..1",
  "kprobe:trace_kprobe_session": "0..1@610",
  "kprobe:trace_uprobe_session": "0..1@613",
  "lsm:lsm_cgroup": "0..1",
  "lsm:lsm_mac": "-4095..0@612",
}

/** Hooks of security modules that say yes or no. */
const BOOLEAN_HOOKS = new Set(["bpf_lsm_audit_rule_known", "bpf_lsm_inode_xattr_skipcap"])

/** What is special about the function that a program is attached to. */
export interface ReturnTarget {
  /** Name of the kernel's function. */
  readonly name: string
  /** It returns nothing. */
  readonly void: boolean
}

/** The range that a program's return value has to be in; undefined where every value is good. */
export function returnRange(place: ContextPlace, target?: ReturnTarget): ReturnRange | undefined {
  const { type, attachType } = place
  if (type === "lsm" && target?.void) return attachType === "lsm_cgroup" ? [1, 1] : undefined
  if (type === "lsm" && attachType === "lsm_mac" && BOOLEAN_HOOKS.has(target?.name ?? "")) return [0, 1]
  const text = RANGES[`${type}:${attachType}`] ?? RANGES[type]
  if (text === undefined) return undefined
  const [, min, max, since] = /^(-?\d+)\.\.(\d+)(?:@(\d+))?$/.exec(text)!
  return since !== undefined && Number(since) > place.kernel ? undefined : [Number(min), Number(max)]
}
