import type { Helper } from "../../code.ts"
import { E2BIG, EAGAIN, EINVAL, ENOENT } from "../../errno.ts"
import type { Run } from "../../run.ts"
import { packetSocket } from "./sockets.ts"

/** Whether a control group is the one in an element of a map: 1 or 0, or −errno. Elements hold numbers of control groups. */
function under(run: Run, low: number, high: number, index: number, cgroup: bigint): number {
  const map = run.map(low, high)
  if (map.type !== "cgroup_array") return -EINVAL
  if (index >>> 0 >= map.maxEntries) return -E2BIG
  const group = map.target(index >>> 0)
  if (group === 0) return -EAGAIN
  return BigInt(group) === BigInt.asUintN(32, cgroup) ? 1 : 0
}

/** `bpf_skb_under_cgroup`: whether the socket that a packet belongs to is of a control group. */
export const skbUnderCgroup: Helper = (run, _skb, _s, map, mapHigh, index) => {
  const socket = packetSocket(run)
  return run.signed(socket === undefined ? -ENOENT : under(run, map, mapHigh, index, socket.cgroupId))
}

/** `bpf_current_task_under_cgroup` */
export const currentTaskUnderCgroup: Helper = (run, map, mapHigh, index) =>
  run.signed(under(run, map, mapHigh, index, run.environment.task().cgroupId))

/** `bpf_skb_get_xfrm_state`: no packet came through IPsec. */
export const skbGetXfrmState: Helper = (run, _skb, _s, _index, _i, to, toHigh, size) => {
  const at = run.writable(to, toHigh, size)
  run.memory.u8.fill(0, at, at + size)
  return run.signed(-EINVAL)
}
