import type { Helper } from "../../code.ts"
import { EINVAL, ENOTSUPP } from "../../errno.ts"
import { foldSum, sumBytes } from "../../packet/checksum.ts"
import { ETH_P_IP, ETH_P_IPV6 } from "../../packet/link.ts"
import type { Skb } from "../../packet/skb.ts"
import type { Run } from "../../run.ts"
import { skbOf } from "./of.ts"

/** What `bpf_lwt_push_encap` puts in front; the others are headers of segment routing. */
const ENCAP_IP = 2
/** Bytes of a header at most. Source: LWT_BPF_MAX_HEADROOM. */
const MOST = 256
const IPV4_HEADER = 20
const IPV6_HEADER = 40

/** `bpf_lwt_push_encap`: an IP header in front of the packet, with what stands between the two. */
export const lwtPushEncap: Helper = (run, _skb, _s, type, _t, header, headerHigh, length) => {
  const skb = skbOf(run)
  const from = run.readable(header, headerHigh, length)
  if (type !== ENCAP_IP) return run.signed(type >>> 0 < ENCAP_IP ? -ENOTSUPP : -EINVAL)
  const version = headerVersion(run, from, length)
  return run.signed(version === 0 ? -EINVAL : push(run, skb, from, length, version))
}

/** The version of a header that is whole; 0 for what is none. */
function headerVersion(run: Run, at: number, length: number): 0 | 4 | 6 {
  if (length < IPV4_HEADER || length > MOST) return 0
  const first = run.memory.u8[at]
  if (first >> 4 === 4) return length < (first & 15) * 4 ? 0 : 4
  return first >> 4 === 6 && length >= IPV6_HEADER ? 6 : 0
}

function push(run: Run, skb: Skb, from: number, length: number, version: 4 | 6): number {
  const header = run.memory.copy(from, length)
  skb.insert(0, length)
  const { u8, view } = skb.memory
  u8.set(header, skb.data)
  skb.encapsulated = true
  skb.network = skb.data
  skb.hash = 0
  if (run.program.type === "lwt_in") skb.deposit(skb.data, length, 0)
  skb.setProtocol(version === 4 ? ETH_P_IP : ETH_P_IPV6)
  const size = (header[0] & 15) * 4
  if (version === 4 && view.getUint16(skb.data + 10, true) === 0) {
    view.setUint16(skb.data + 10, foldSum(sumBytes(u8, skb.data, size)), true)
  }
  skb.publish()
  // Only segments of TCP may be put into a tunnel.
  return skb.isGso && skb.segments !== "tcp" ? -ENOTSUPP : 0
}
