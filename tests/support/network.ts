import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import { sys } from "../../src/kernel/index.ts"
import { ifinfo, listDevices, NLM_F_CREATE, NLM_F_EXCL, nested, text, withNetlink } from "../../src/netlink/index.ts"

/** Indexes of loopback and of the two ends of a cable. */
export interface OwnNetwork {
  readonly lo: number
  readonly veth0: number
  readonly veth1: number
}

const UNSHARE = process.arch === "x64" ? 272 : 97
const CLONE_NEWNET = 0x4000_0000
const RTM_NEWLINK = 16
const IFLA_IFNAME = 3
const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const VETH_INFO_PEER = 1
const IFF_UP = 1
const ENOBUFS = 105

/**
 * Moves this test file's process to a network namespace of its own, with `lo` and the cable from `veth0` to `veth1`, all started. The
 * namespace ends with the process. Every test file has a process to itself.
 */
export function ownNetwork(): OwnNetwork {
  const calls = sys()
  const result = calls.call(UNSHARE, CLONE_NEWNET)
  if (result < 0) throw new Error(`unshare: ${result}`)
  // The peer's attributes stand behind a `struct ifinfomsg` of their own.
  const name = new TextEncoder().encode("veth1\0")
  const peer = Uint8Array.of(...ifinfo(0), 4 + name.length, 0, IFLA_IFNAME, 0, ...name)
  const data = nested(IFLA_INFO_DATA, { type: VETH_INFO_PEER, value: peer })
  const attributes = [text(IFLA_IFNAME, "veth0"), nested(IFLA_LINKINFO, text(IFLA_INFO_KIND, "veth"), data)]
  withNetlink(calls, ask => {
    ask({ type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, header: ifinfo(0), attributes }, "making veth0")
    for (const { index } of listDevices(calls)) {
      ask({ type: RTM_NEWLINK, flags: 0, header: ifinfo(index, IFF_UP, IFF_UP), attributes: [] }, "starting a device")
    }
  })
  const index = (name: string): number => listDevices(calls).find(device => device.name === name)?.index ?? 0
  return { lo: index("lo"), veth0: index("veth0"), veth1: index("veth1") }
}

/** Sends a frame out of a device through a raw socket; a program on its way may drop it. */
export function sendFrame(fd: number, index: number, frame: Uint8Array): void {
  const { numbers, call, address } = sys()
  // struct sockaddr_ll: u16 family, protocol; i32 index; …
  const to = new Uint8Array(20)
  new DataView(to.buffer).setUint16(0, 17, true)
  new DataView(to.buffer).setInt32(4, index, true)
  const sent = call(numbers.sendto, fd, address(frame), frame.length, 0, address(to), to.length)
  if (sent !== frame.length && sent !== -ENOBUFS) throw new Error(`sendto: ${sent}`)
}

/** A frame to everybody, of an EtherType, with a last byte that tells it from others. */
export function frame(etherType: number, mark: number, length = 64): Uint8Array {
  const bytes = new Uint8Array(length).fill(0xff, 0, 6)
  bytes.set([2, 0, 0, 0, 0, 1, etherType >> 8, etherType & 255], 6)
  bytes[length - 1] = mark
  return bytes
}

/** A UDP socket that shares a port of 127.0.0.1 (SO_REUSEPORT); 0 lets the kernel choose. */
export async function sharingSocket(port: number): Promise<Socket> {
  const { numbers } = sys()
  // SOCK_DGRAM | SOCK_NONBLOCK: what Node reads from must not wait.
  const fd = syscall(numbers.socket, 2, 2 | 0x800, 0)
  syscall(numbers.setsockopt, fd, 1, 15, new Uint8Array(Int32Array.of(1).buffer), 4)
  const address = Uint8Array.of(2, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
  const result = syscall(numbers.bind, fd, address, address.length)
  if (fd < 0 || result < 0) throw new Error(`bind: ${fd} ${result}`)
  const socket = createSocket("udp4")
  const listening = once(socket, "listening")
  socket.bind({ fd })
  await listening
  return socket
}

/** A system call whose arguments may be buffers. */
function syscall(number: number, ...args: (number | Uint8Array)[]): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args.map(arg =>
    typeof arg === "number" ? arg : sys().address(arg),
  )
  return sys().call(number, a, b, c, d, e, f)
}
