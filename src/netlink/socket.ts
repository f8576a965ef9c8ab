import { refused } from "./error.ts"
import {
  Attributes,
  decode,
  encode,
  type Message,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  type Received,
} from "./message.ts"

/** System calls as this room needs them; those of the kernel room fit. */
export interface SocketCalls {
  readonly numbers: {
    readonly socket: number
    readonly sendto: number
    readonly recvfrom: number
    readonly setsockopt: number
    readonly close: number
  }
  /** A value ≥ 0, or −errno. */
  call(number: number, a: number, b?: number, c?: number, d?: number, e?: number, f?: number): number
  address(bytes: Uint8Array): number
}

// Sources: Linux include/linux/socket.h, include/uapi/linux/netlink.h, include/uapi/linux/rtnetlink.h.
const AF_NETLINK = 16
const SOCK_RAW_CLOEXEC = 3 | 0x80000
const NETLINK_ROUTE = 0
const SOL_NETLINK = 270
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11
const MSG_PEEK_TRUNC = 0x2 | 0x20
const EINTR = 4
const EAGAIN = 11
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLM_F_CAPPED = 0x100
const NLM_F_ACK_TLVS = 0x200
const NLMSGERR_ATTR_MSG = 1

/** A request, and the messages of its answer. */
export type Ask = (message: Message, what: string) => Received[]

/**
 * Runs `work` with a socket of rtnetlink, in the network namespace of the calling thread. The kernel answers while it takes a request, so
 * nothing waits. A request with NLM_F_DUMP gives all messages to the end of the dump; every other one asks for an acknowledgement and
 * gives what came with it (the message itself with NLM_F_ECHO). Throws `NETLINK_REFUSED` with the kernel's own words.
 */
export function withNetlink<T>(calls: SocketCalls, work: (ask: Ask) => T): T {
  const { numbers } = calls
  const fd = calls.call(numbers.socket, AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE)
  if (fd < 0) throw refused("opening a netlink socket", -fd, undefined)
  const one = new Uint8Array(Int32Array.of(1).buffer)
  for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK]) {
    // Kernels before 4.12 have neither: their errors are without words.
    calls.call(numbers.setsockopt, fd, SOL_NETLINK, option, calls.address(one), one.length)
  }
  let sequence = 0
  try {
    return work((message, what) => exchange(calls, fd, ++sequence, message, what))
  } finally {
    calls.call(numbers.close, fd)
  }
}

function exchange(calls: SocketCalls, fd: number, sequence: number, message: Message, what: string): Received[] {
  const dump = (message.flags & NLM_F_DUMP) === NLM_F_DUMP
  const flags = message.flags | NLM_F_REQUEST | (dump ? 0 : NLM_F_ACK)
  const bytes = encode({ ...message, flags }, sequence)
  const sent = calls.call(calls.numbers.sendto, fd, calls.address(bytes), bytes.length, 0, 0, 0)
  if (sent < 0) throw refused(what, -sent, undefined)
  const answer: Received[] = []
  for (;;) {
    for (const received of decode(receive(calls, fd, what))) {
      if (received.sequence !== sequence) continue
      if (received.type === NLMSG_ERROR || received.type === NLMSG_DONE) {
        const errno = errorOf(received)
        if (errno !== 0) throw refused(what, errno, wordsOf(received))
        return answer
      }
      answer.push(received)
    }
  }
}

/** The next datagram, whatever its size. */
function receive(calls: SocketCalls, fd: number, what: string): Uint8Array {
  const take = (bytes: Uint8Array, flags: number): number => {
    for (;;) {
      const size = calls.call(calls.numbers.recvfrom, fd, calls.address(bytes), bytes.length, flags, 0, 0)
      if (size >= 0) return size
      if (size !== -EINTR && size !== -EAGAIN) throw refused(what, -size, undefined)
    }
  }
  const bytes = new Uint8Array(Math.max(take(new Uint8Array(1), MSG_PEEK_TRUNC), 1))
  return bytes.subarray(0, take(bytes, 0))
}

/** 0 for an acknowledgement and for a dump that came to its end. */
function errorOf({ body }: Received): number {
  return body.length < 4 ? 0 : -new DataView(body.buffer, body.byteOffset).getInt32(0, true)
}

/** What the kernel says besides the number: `i32 error; header of the request; the request unless capped; attributes`. */
function wordsOf({ type, flags, body }: Received): string | undefined {
  if ((flags & NLM_F_ACK_TLVS) === 0) return undefined
  if (type === NLMSG_DONE) return new Attributes(body, 4).text(NLMSGERR_ATTR_MSG)
  if (body.length < 20) return undefined
  const request = new DataView(body.buffer, body.byteOffset).getUint32(4, true)
  const from = (flags & NLM_F_CAPPED) !== 0 ? 20 : 4 + ((request + 3) & ~3)
  return new Attributes(body, from).text(NLMSGERR_ATTR_MSG)
}
