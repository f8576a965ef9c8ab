import type { Helper } from "../../code.ts"
import { EINVAL, ENOENT, ENOMEM, EPROTO } from "../../errno.ts"
import { swap16 } from "../../packet/link.ts"
import type { Run } from "../../run.ts"
import { skbOf } from "./of.ts"

/** Flags of the helpers. Source: include/uapi/linux/bpf.h. */
const IPV6 = 1
const ZERO_CHECKSUM = 2
const DONT_FRAGMENT = 4
const SEQUENCE = 8
const NO_KEY = 16
const TELL_FLAGS = 16

/** A tunnel's own flags. Source: TUNNEL_ values of include/uapi/linux/if_tunnel.h. */
const TUNNEL_CSUM = 1
const TUNNEL_KEY = 4
const TUNNEL_SEQ = 8
const TUNNEL_DONT_FRAGMENT = 0x100
const TUNNEL_NOCACHE = 0x2000
const TUNNEL_OPTIONS = 0xd800

/** Offsets in `struct bpf_tunnel_key`, and lengths that it had. */
const ID = 0
const REMOTE = 4
const TOS = 20
const TTL = 21
const FLAGS = 22
const LABEL = 24
const LOCAL = 28
const KEY_BYTES = 44
const OLD_LENGTHS = new Set([8, FLAGS, LABEL, LOCAL])
const MOST_OPTIONS = 255

/** `bpf_skb_set_tunnel_key` */
export const skbSetTunnelKey: Helper = (run, _skb, _s, from, fromHigh, size, _z, flags, flagsHigh) => {
  const skb = skbOf(run)
  const known = IPV6 | ZERO_CHECKSUM | DONT_FRAGMENT | SEQUENCE | NO_KEY
  if (flags & ~known || flagsHigh !== 0) return run.signed(-EINVAL)
  if (size !== KEY_BYTES && !OLD_LENGTHS.has(size)) return run.signed(-EINVAL)
  const key = new Uint8Array(KEY_BYTES)
  key.set(run.memory.bytes(run.readable(from, fromHigh, size), size))
  const view = new DataView(key.buffer)
  const label = view.getUint32(LABEL, true)
  const ipv6 = (flags & IPV6) !== 0
  if ((!ipv6 && label !== 0) || view.getUint16(FLAGS, true) !== 0) return run.signed(-EINVAL)
  let own = TUNNEL_NOCACHE
  if (!(flags & NO_KEY)) own |= TUNNEL_KEY
  if (!(flags & ZERO_CHECKSUM)) own |= TUNNEL_CSUM
  if (flags & DONT_FRAGMENT) own |= TUNNEL_DONT_FRAGMENT
  if (flags & SEQUENCE) own |= TUNNEL_SEQ
  skb.tunnel = {
    ipv6,
    id: view.getUint32(ID, true),
    tos: key[TOS],
    ttl: key[TTL],
    label: label & 0xfffff,
    source: key.slice(LOCAL, LOCAL + 16),
    destination: key.slice(REMOTE, REMOTE + 16),
    flags: own,
    options: new Uint8Array(0),
    own: true,
  }
  return 0
}

/** `bpf_skb_get_tunnel_key`: seen from the receiver, so that the sender's address is the remote one. */
export const skbGetTunnelKey: Helper = (run, _skb, _s, to, toHigh, size, _z, flags, flagsHigh) => {
  const at = run.writable(to, toHigh, size)
  const info = skbOf(run).tunnel
  const { u8 } = run.memory
  u8.fill(0, at, at + size)
  if (info === undefined || flags & ~(IPV6 | TELL_FLAGS) || flagsHigh !== 0) return run.signed(-EINVAL)
  const ipv6 = (flags & IPV6) !== 0
  if (info.ipv6 !== ipv6) return run.signed(-EPROTO)
  if (size !== KEY_BYTES && !(OLD_LENGTHS.has(size) && !(size === 8 && ipv6))) return run.signed(-EINVAL)
  const key = new Uint8Array(KEY_BYTES)
  const view = new DataView(key.buffer)
  view.setUint32(ID, info.id, true)
  key[TOS] = info.tos
  key[TTL] = info.ttl
  if (flags & TELL_FLAGS) view.setUint16(FLAGS, swap16(info.flags), true)
  key.set(info.source.subarray(0, ipv6 ? 16 : 4), REMOTE)
  key.set(info.destination.subarray(0, ipv6 ? 16 : 4), LOCAL)
  view.setUint32(LABEL, info.label, true)
  u8.set(key.subarray(0, size), at)
  return 0
}

/** `bpf_skb_set_tunnel_opt` */
export const skbSetTunnelOpt: Helper = (run, _skb, _s, from, fromHigh, size) => {
  const info = skbOf(run).tunnel
  if (!info?.own || size & 3) return run.signed(-EINVAL)
  if (size > MOST_OPTIONS) return run.signed(-ENOMEM)
  info.options = run.memory.copy(run.readable(from, fromHigh, size), size)
  info.flags |= TUNNEL_OPTIONS
  return 0
}

/** `bpf_skb_get_tunnel_opt`: how many bytes of options there are. */
export const skbGetTunnelOpt: Helper = (run, _skb, _s, to, toHigh, size) => {
  const at = run.writable(to, toHigh, size)
  run.memory.u8.fill(0, at, at + size)
  return run.signed(options(run, at, size))
}

function options(run: Run, at: number, size: number): number {
  const info = skbOf(run).tunnel
  if (info === undefined || !(info.flags & TUNNEL_OPTIONS)) return -ENOENT
  if (size < info.options.length) return -ENOMEM
  run.memory.u8.set(info.options, at)
  return info.options.length
}
