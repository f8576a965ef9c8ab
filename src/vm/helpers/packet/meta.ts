import type { Helper } from "../../code.ts"
import { EINVAL, EOPNOTSUPP } from "../../errno.ts"
import { addSums, subtractSum } from "../../packet/checksum.ts"
import { flowHash } from "../../packet/flow.ts"
import { be16, ETH_HLEN, ETH_P_IP, ETH_P_IPV6, isVlan, VLAN_HLEN } from "../../packet/link.ts"
import type { Skb } from "../../packet/skb.ts"
import { SKB_TC_CLASSID, SKB_TSTAMP, SKB_TSTAMP_TYPE } from "../../packet/skbContext.ts"
import { skbOf } from "./of.ts"

/** `bpf_get_hash_recalc` */
export const getHashRecalc: Helper = run => {
  const skb = skbOf(run)
  if (skb.hash === 0) {
    skb.hash = flowHash(run.memory.u8, skb)
    skb.publish()
  }
  return skb.hash | 0
}

/** `bpf_set_hash_invalid` */
export const setHashInvalid: Helper = run => {
  const skb = skbOf(run)
  skb.hash = 0
  skb.publish()
  return 0
}

/** `bpf_set_hash` */
export const setHash: Helper = (run, _skb, _s, hash) => {
  const skb = skbOf(run)
  skb.hash = hash
  skb.publish()
  return 0
}

/** `bpf_get_route_realm`: no route belongs to one here. */
export const getRouteRealm: Helper = () => 0

/** `bpf_get_cgroup_classid`: what net_cls gave the packet's sender. */
export const getCgroupClassid: Helper = run => skbOf(run).field(SKB_TC_CLASSID)

/** Kinds of times of a packet: the first is the real-time clock's, which may be none (0). */
const CLOCK_REALTIME = 0
const CLOCK_TAI = 2

/** `bpf_skb_set_tstamp` */
export const skbSetTstamp: Helper = (run, _skb, _s, time, timeHigh, kind) => {
  const skb = skbOf(run)
  if (skb.protocol !== ETH_P_IP && skb.protocol !== ETH_P_IPV6) return run.signed(-EOPNOTSUPP)
  if (kind >>> 0 > CLOCK_TAI || (kind !== CLOCK_REALTIME && time === 0 && timeHigh === 0)) return run.signed(-EINVAL)
  skb.setField(SKB_TSTAMP, time)
  skb.setField(SKB_TSTAMP + 4, timeHigh)
  run.memory.u8[skb.context + SKB_TSTAMP_TYPE] = kind
  return 0
}

/** `bpf_skb_ecn_set_ce`: marks a packet that may be marked: 1 where it is marked then. */
export const skbEcnSetCe: Helper = run => {
  const skb = skbOf(run)
  switch (innerProtocol(skb)) {
    case ETH_P_IP:
      return skb.network + 20 <= skb.end && skb.length >= 20 ? markIpv4(skb) : 0
    case ETH_P_IPV6:
      return skb.network + 40 <= skb.end && skb.length >= 40 ? markIpv6(skb) : 0
    default:
      return 0
  }
}

/** The protocol behind VLAN tags. Source: `vlan_get_protocol`. */
function innerProtocol(skb: Skb): number {
  let protocol = skb.protocol
  let depth = skb.macLength > 0 ? skb.macLength - VLAN_HLEN : ETH_HLEN
  while (isVlan(protocol)) {
    const at = skb.data + depth
    if (at + VLAN_HLEN > skb.end) return 0
    protocol = be16(skb.memory.u8, at + 2)
    depth += VLAN_HLEN
  }
  return protocol
}

function markIpv4(skb: Skb): number {
  const { u8, view } = skb.memory
  const codepoint = (u8[skb.network + 1] + 1) & 3
  // Not capable of it stays so; marked already is right.
  if ((codepoint & 2) === 0) return codepoint === 0 ? 1 : 0
  u8[skb.network + 1] |= 3
  // The checksum loses what the field gains: 2 of ECT(1), 1 of ECT(0).
  const sum = view.getUint16(skb.network + 10, false) + ((0xfffb + codepoint) & 0xffff)
  view.setUint16(skb.network + 10, (sum & 0xffff) + (sum >> 16), false)
  return 1
}

function markIpv6(skb: Skb): number {
  const { u8, view } = skb.memory
  if (((u8[skb.network + 1] >> 4) & 3) === 0) return 0
  const before = view.getUint32(skb.network, true)
  u8[skb.network + 1] |= 0x30
  if (skb.checksum === "complete") {
    skb.sum = addSums(subtractSum(skb.sum, before), view.getUint32(skb.network, true))
  }
  return 1
}
