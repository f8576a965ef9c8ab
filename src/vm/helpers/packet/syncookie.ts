import type { Helper } from "../../code.ts"
import { EACCES, EINVAL, ENOENT, EPROTONOSUPPORT } from "../../errno.ts"
import { IPPROTO_TCP, TCP_LISTEN } from "../../packet/socket.ts"
import type { Run } from "../../run.ts"

/** Largest segments that a cookie can tell, by IP version. Source: net/ipv4/syncookies.c, net/ipv6/syncookies.c. */
const SEGMENTS = { 4: [536, 1300, 1440, 1460], 6: [1220, 1420, 1440, 8940] } as const
/** Without an option that tells it. */
const DEFAULT_SEGMENT = { 4: 536, 6: 1220 } as const
const TCP_HEADER = 20
const IPV4_HEADER = 20
const IPV6_HEADER = 40
const FIN = 1
const SYN = 2
const RST = 4
const ACK = 16

type Version = 4 | 6

/**
 * The number that stands for a connection that was asked for: a hash of both ends and of the sequence number, and which of the sizes of segments it has.
 * The kernel's is keyed by a secret; this one is the same on every machine.
 */
function cookieOf(run: Run, ip: number, tcp: number, version: Version, sequence: number, size: number): number {
  const { u8 } = run.memory
  let hash = 0x811c9dc5 ^ sequence
  const add = (from: number, length: number): void => {
    for (let i = from; i < from + length; i++) hash = Math.imul(hash ^ u8[i], 0x01000193)
  }
  add(version === 4 ? ip + 12 : ip + 8, version === 4 ? 8 : 32)
  add(tcp, 4)
  hash ^= hash >>> 15
  return ((Math.imul(hash, 0x2c1b3c6d) & ~3) | size) >>> 0
}

/** A cookie for a packet that asks for a connection, with the size of segments in the high word. */
function make(run: Run, ip: number, tcp: number, length: number, version: Version): number {
  const wanted = segmentOption(run.memory.u8, tcp, length) || DEFAULT_SEGMENT[version]
  const sizes = SEGMENTS[version]
  let size = sizes.length - 1
  while (size > 0 && sizes[size] > wanted) size--
  run.high = sizes[size]
  return cookieOf(run, ip, tcp, version, run.memory.view.getUint32(tcp + 4, false), size) | 0
}

/** Whether a packet that ends the opening of a connection has the cookie that was sent. */
function check(run: Run, ip: number, tcp: number, version: Version): boolean {
  const { view } = run.memory
  const cookie = (view.getUint32(tcp + 8, false) - 1) >>> 0
  const sequence = (view.getUint32(tcp + 4, false) - 1) >>> 0
  return cookieOf(run, ip, tcp, version, sequence, cookie & 3) === cookie
}

/** The size of segments that a header's options tell; 0 where they do not. */
function segmentOption(bytes: Uint8Array, tcp: number, length: number): number {
  for (let at = tcp + TCP_HEADER; at < tcp + length; ) {
    const kind = bytes[at]
    if (kind === 0) return 0
    if (kind === 1) {
      at++
      continue
    }
    const size = bytes[at + 1]
    if (size < 2 || at + size > tcp + length) return 0
    if (kind === 2 && size === 4) return (bytes[at + 2] << 8) | bytes[at + 3]
    at += size
  }
  return 0
}

/** Whether a TCP header's own length is the one that was given. */
const wholeHeader = (run: Run, tcp: number, length: number): boolean =>
  length >= TCP_HEADER && length === (run.memory.u8[tcp + 12] >> 4) * 4

/** The address of a header that has a length. */
const headers = (run: Run, ip: number, ipHigh: number, ipSize: number, tcp: number, tcpHigh: number, tcpSize: number) =>
  run.readable(ip, ipHigh, ipSize) + run.readable(tcp, tcpHigh, tcpSize)

/** What speaks against a listening socket and the headers of a packet: 0, or −errno. */
function refused(run: Run, socket: number, ip: number, ipSize: number): number {
  const found = run.environment.network.socketAt(run.memory, socket)
  if (found === undefined || found.state !== TCP_LISTEN || found.protocol !== IPPROTO_TCP) return -EINVAL
  if (ipSize < IPV4_HEADER) return -EINVAL
  const version = run.memory.u8[ip] >> 4
  if (version === 6) return ipSize < IPV6_HEADER ? -EINVAL : 0
  return version === 4 ? 0 : -EPROTONOSUPPORT
}

/** `bpf_tcp_gen_syncookie` */
export const tcpGenSyncookie: Helper = (run, socket, _s, ip, ipHigh, ipSize, _i, tcp, tcpHigh, tcpSize) => {
  headers(run, ip, ipHigh, ipSize, tcp, tcpHigh, tcpSize)
  if (!wholeHeader(run, tcp, tcpSize)) return run.signed(-EINVAL)
  const flags = run.memory.u8[tcp + 13]
  const error = refused(run, socket, ip, ipSize)
  if (error === -EINVAL) return run.signed(error)
  if (!(flags & SYN) || flags & (ACK | FIN | RST)) return run.signed(-EINVAL)
  if (error < 0) return run.signed(error)
  return make(run, ip, tcp, tcpSize, run.memory.u8[ip] >> 4 === 6 ? 6 : 4)
}

/** `bpf_tcp_check_syncookie` */
export const tcpCheckSyncookie: Helper = (run, socket, _s, ip, ipHigh, ipSize, _i, tcp, tcpHigh, tcpSize) => {
  headers(run, ip, ipHigh, ipSize, tcp, tcpHigh, tcpSize)
  if (tcpSize < TCP_HEADER) return run.signed(-EINVAL)
  const error = refused(run, socket, ip, ipSize)
  const flags = run.memory.u8[tcp + 13]
  if (error === -EINVAL) return run.signed(error)
  if (!(flags & ACK) || flags & (RST | SYN)) return run.signed(-ENOENT)
  if (error < 0) return run.signed(error)
  return check(run, ip, tcp, run.memory.u8[ip] >> 4 === 6 ? 6 : 4) ? 0 : run.signed(-ENOENT)
}

const rawGen =
  (version: Version): Helper =>
  (run, ip, ipHigh, tcp, tcpHigh, size) => {
    headers(run, ip, ipHigh, version === 4 ? IPV4_HEADER : IPV6_HEADER, tcp, tcpHigh, size)
    return wholeHeader(run, tcp, size) ? make(run, ip, tcp, size, version) : run.signed(-EINVAL)
  }

const rawCheck =
  (version: Version): Helper =>
  (run, ip, ipHigh, tcp, tcpHigh) => {
    headers(run, ip, ipHigh, version === 4 ? IPV4_HEADER : IPV6_HEADER, tcp, tcpHigh, TCP_HEADER)
    return check(run, ip, tcp, version) ? 0 : run.signed(-EACCES)
  }

/** `bpf_tcp_raw_gen_syncookie_ipv4` */
export const tcpRawGenSyncookieIpv4: Helper = rawGen(4)
/** `bpf_tcp_raw_gen_syncookie_ipv6` */
export const tcpRawGenSyncookieIpv6: Helper = rawGen(6)
/** `bpf_tcp_raw_check_syncookie_ipv4` */
export const tcpRawCheckSyncookieIpv4: Helper = rawCheck(4)
/** `bpf_tcp_raw_check_syncookie_ipv6` */
export const tcpRawCheckSyncookieIpv6: Helper = rawCheck(6)
