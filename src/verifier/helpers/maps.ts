import { mapTypes } from "../../isa/index.ts"
import type { Caller } from "./find.ts"
import { versionNumber } from "./notation.ts"

/**
 * Which helpers take maps of the types that not every helper takes: names without `bpf_`, `name@6.4` from that kernel on. A helper that
 * stands in {@link ONLY}, or a map type that stands here, goes with nothing else.
 *
 * Source: `check_map_func_compatibility`, Linux 6.1 to 6.18; the tests beside this ask the running kernel about each pair.
 */
const TAKEN_BY: Readonly<Record<string, string>> = {
  prog_array: "tail_call",
  perf_event_array: "perf_event_read perf_event_output skb_output perf_event_read_value xdp_output",
  ringbuf:
    "ringbuf_output ringbuf_reserve ringbuf_query ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr",
  user_ringbuf: "user_ringbuf_drain",
  stack_trace: "get_stackid",
  cgroup_array: "skb_under_cgroup current_task_under_cgroup",
  cgroup_storage: "get_local_storage",
  percpu_cgroup_storage: "get_local_storage",
  devmap: "redirect_map map_lookup_elem",
  devmap_hash: "redirect_map map_lookup_elem",
  cpumap: "redirect_map",
  xskmap: "redirect_map map_lookup_elem",
  array_of_maps: "map_lookup_elem",
  hash_of_maps: "map_lookup_elem",
  sockmap: "sk_redirect_map sock_map_update msg_redirect_map sk_select_reuseport map_lookup_elem",
  sockhash: "sk_redirect_hash sock_hash_update msg_redirect_hash sk_select_reuseport map_lookup_elem",
  reuseport_sockarray: "sk_select_reuseport",
  queue: "map_peek_elem map_pop_elem map_push_elem",
  stack: "map_peek_elem map_pop_elem map_push_elem",
  sk_storage: "sk_storage_get sk_storage_delete kptr_xchg@6.4",
  inode_storage: "inode_storage_get inode_storage_delete kptr_xchg@6.4",
  task_storage: "task_storage_get task_storage_delete kptr_xchg@6.4",
  cgrp_storage: "cgrp_storage_get cgrp_storage_delete kptr_xchg@6.4",
  bloom_filter: "map_peek_elem map_push_elem",
}

/** Which map types a helper takes, where it does not take all. */
const ONLY: Readonly<Record<string, string>> = {
  perf_event_read: "perf_event_array",
  perf_event_output: "perf_event_array",
  perf_event_read_value: "perf_event_array",
  skb_output: "perf_event_array",
  xdp_output: "perf_event_array",
  ringbuf_output: "ringbuf",
  ringbuf_reserve: "ringbuf",
  ringbuf_query: "ringbuf",
  ringbuf_reserve_dynptr: "ringbuf",
  ringbuf_submit_dynptr: "ringbuf",
  ringbuf_discard_dynptr: "ringbuf",
  user_ringbuf_drain: "user_ringbuf",
  get_stackid: "stack_trace",
  current_task_under_cgroup: "cgroup_array",
  skb_under_cgroup: "cgroup_array",
  redirect_map: "devmap devmap_hash cpumap xskmap",
  sk_redirect_map: "sockmap",
  msg_redirect_map: "sockmap",
  sock_map_update: "sockmap",
  sk_redirect_hash: "sockhash",
  msg_redirect_hash: "sockhash",
  sock_hash_update: "sockhash",
  get_local_storage: "cgroup_storage percpu_cgroup_storage",
  sk_select_reuseport: "reuseport_sockarray sockmap sockhash",
  map_peek_elem: "queue stack bloom_filter",
  map_pop_elem: "queue stack",
  map_push_elem: "queue stack bloom_filter",
  map_lookup_percpu_elem: "percpu_array percpu_hash lru_percpu_hash",
  sk_storage_get: "sk_storage",
  sk_storage_delete: "sk_storage",
  inode_storage_get: "inode_storage",
  inode_storage_delete: "inode_storage",
  task_storage_get: "task_storage",
  task_storage_delete: "task_storage",
  cgrp_storage_get: "cgrp_storage",
  cgrp_storage_delete: "cgrp_storage",
}

/** Program types in which no socket of a map can be locked, so that maps of sockets can change. */
const MAY_UPDATE_SOCKMAP = "socket_filter sched_cls sched_act xdp sk_reuseport flow_dissector sk_lookup".split(" ")

/** Whether a helper, by its full name, takes a map of a type; otherwise what the kernel says, line by line. */
export function refuseMap(helper: string, id: number, mapType: string, caller: Caller): string[] {
  const name = helper.slice("bpf_".length)
  if (name === "tail_call") return mapType === "prog_array" ? [] : ["expected prog array map for tail call"]
  const takers = TAKEN_BY[mapType]
  const only = ONLY[name]
  const said: string[] = []
  const sockets = mapType === "sockmap" || mapType === "sockhash"
  const updates = name === "map_update_elem" || name === "map_delete_elem"
  let taken = takers === undefined || has(takers, name, caller.kernel)
  if (!taken && sockets && updates) {
    taken = mayUpdateSockmap(name, caller)
    if (!taken) said.push("cannot update sockmap in this context")
  }
  if (taken && (only === undefined || has(only, mapType, caller.kernel))) return []
  said.push(`cannot pass map_type ${mapTypes.number(mapType)} into func ${helper}#${id}`)
  return said
}

function has(words: string, name: string, kernel: number): boolean {
  for (const word of words.split(" ")) {
    const [own, since] = word.split("@")
    if (own === name) return since === undefined || versionNumber(since) <= kernel
  }
  return false
}

function mayUpdateSockmap(name: string, { type, attachType }: Caller): boolean {
  if (type === "tracing") return attachType === "trace_iter"
  if (type === "sock_ops") return name === "map_delete_elem"
  return MAY_UPDATE_SOCKMAP.includes(type)
}
