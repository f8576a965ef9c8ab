import type { Helper } from "../../code.ts"
import { EINVAL } from "../../errno.ts"
import { ETH_P_8021Q, isVlan, PACKET_OTHERHOST, swap16 } from "../../packet/link.ts"
import { adjustRoom, changeHead, changeProtocol, changeTail } from "../../packet/room.ts"
import type { Skb } from "../../packet/skb.ts"
import { popVlan, pushVlan } from "../../packet/vlan.ts"
import type { Run } from "../../run.ts"
import { skbOf } from "./of.ts"

/** What helpers that move a packet's bytes end with. */
function changed(run: Run, skb: Skb, result: number): number {
  skb.publish()
  return run.signed(result)
}

/** `bpf_skb_vlan_push`: the protocol in network order; what is none of VLANs counts as 802.1Q. */
export const skbVlanPush: Helper = (run, _skb, _s, protocol, _p, tci) => {
  const skb = skbOf(run)
  const given = swap16(protocol & 0xffff)
  return changed(run, skb, pushVlan(skb, isVlan(given) ? given : ETH_P_8021Q, tci & 0xffff))
}

/** `bpf_skb_vlan_pop` */
export const skbVlanPop: Helper = run => {
  const skb = skbOf(run)
  return changed(run, skb, popVlan(skb))
}

/** `bpf_skb_change_proto` */
export const skbChangeProto: Helper = (run, _skb, _s, protocol, _p, flags, flagsHigh) => {
  const skb = skbOf(run)
  if (flags !== 0 || flagsHigh !== 0) return run.signed(-EINVAL)
  return changed(run, skb, changeProtocol(skb, swap16(protocol & 0xffff)))
}

/** `bpf_skb_change_type` */
export const skbChangeType: Helper = (run, _skb, _s, type) => {
  const skb = skbOf(run)
  if (skb.packetType > PACKET_OTHERHOST || type >>> 0 > PACKET_OTHERHOST) return run.signed(-EINVAL)
  skb.packetType = type
  return changed(run, skb, 0)
}

/** `bpf_skb_change_tail` */
export const skbChangeTail: Helper = (run, _skb, _s, length, _l, flags, flagsHigh) => {
  const skb = skbOf(run)
  return changed(run, skb, changeTail(skb, length >>> 0, flags | flagsHigh))
}

/** `bpf_skb_change_head` */
export const skbChangeHead: Helper = (run, _skb, _s, size, _l, flags, flagsHigh) => {
  const skb = skbOf(run)
  return changed(run, skb, changeHead(skb, size >>> 0, flags | flagsHigh))
}

/** `bpf_skb_adjust_room` */
export const skbAdjustRoom: Helper = (run, _skb, _s, difference, _d, mode, _m, flags, flagsHigh) => {
  const skb = skbOf(run)
  return changed(run, skb, adjustRoom(skb, difference, mode, flags, flagsHigh))
}
