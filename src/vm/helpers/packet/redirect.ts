import type { Helper } from "../../code.ts"
import { EBADMSG, EINVAL, ERANGE } from "../../errno.ts"
import { Skb } from "../../packet/skb.ts"
import { Xdp } from "../../packet/xdp.ts"
import { skbOf, xdpOf } from "./of.ts"

/** Flags: the packet comes in at the device, … */
const INGRESS = 1
/** … goes to all devices of a map, … */
const BROADCAST = 8
/** … but the one that it came by. */
const EXCLUDE_INGRESS = 16
/** Bits of a map redirect's flags that are the verdict where the map has nothing. */
const FALLBACK = 3

const TC_ACT_SHOT = 2
const TC_ACT_REDIRECT = 7
const XDP_ABORTED = 0
const XDP_REDIRECT = 4
/** Bytes of `struct bpf_redir_neigh`. */
const NEIGHBOUR_BYTES = 20

/** `bpf_redirect`: of a packet of the network stack, or of XDP. */
export const redirect: Helper = (run, device, _d, flags, flagsHigh) => {
  const { packet } = run
  if (packet instanceof Xdp) {
    if (flags !== 0 || flagsHigh !== 0) return XDP_ABORTED
    packet.redirect = { target: device, flags: 0, how: "device" }
    return XDP_REDIRECT
  }
  if (!(packet instanceof Skb) || flags & ~INGRESS || flagsHigh !== 0) return TC_ACT_SHOT
  packet.redirect = { target: device, flags, how: "device" }
  return TC_ACT_REDIRECT
}

/** `bpf_redirect_neigh` */
export const redirectNeigh: Helper = (run, device, _d, _params, _p, size, _s, flags, flagsHigh) => {
  if ((size !== 0 && size < NEIGHBOUR_BYTES) || flags !== 0 || flagsHigh !== 0) return TC_ACT_SHOT
  skbOf(run).redirect = { target: device, flags: 0, how: "neighbour" }
  return TC_ACT_REDIRECT
}

/** `bpf_redirect_peer` */
export const redirectPeer: Helper = (run, device, _d, flags, flagsHigh) => {
  if (flags !== 0 || flagsHigh !== 0) return TC_ACT_SHOT
  skbOf(run).redirect = { target: device, flags: 0, how: "peer" }
  return TC_ACT_REDIRECT
}

/** `bpf_redirect_map` */
export const redirectMap: Helper = (run, map, mapHigh, key, _k, flags, flagsHigh) => {
  const xdp = xdpOf(run)
  const targets = run.map(map, mapHigh)
  const manyDevices = targets.type === "devmap" || targets.type === "devmap_hash"
  const known = FALLBACK | (manyDevices ? BROADCAST | EXCLUDE_INGRESS : 0)
  if (flags & ~known || flagsHigh !== 0) return XDP_ABORTED
  if (!(flags & BROADCAST) && targets.target(key >>> 0) === 0) return flags & FALLBACK
  xdp.redirect = { target: key >>> 0, flags: flags & ~FALLBACK, how: "map", map: targets }
  return XDP_REDIRECT
}

/** `bpf_clone_redirect`: a copy goes, the packet stays. */
export const cloneRedirect: Helper = (run, _skb, _s, device, _d, flags, flagsHigh) => {
  const skb = skbOf(run)
  if (flags & ~INGRESS || flagsHigh !== 0) return run.signed(-EINVAL)
  if (skb.isGso && skb.segments === "none") return run.signed(-EBADMSG)
  const { network } = run.environment
  const target = network.device(device)
  if (target === undefined) return run.signed(-EINVAL)
  skb.publish()
  const from = target.hasLinkHeader ? skb.data : skb.network
  if (skb.end <= from || (target.hasLinkHeader && skb.mac >= skb.network)) return run.signed(-ERANGE)
  network.onSend({ device, ingress: (flags & INGRESS) !== 0, data: run.memory.copy(from, skb.end - from) })
  return 0
}
