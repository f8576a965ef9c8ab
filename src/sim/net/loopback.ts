import type { KernelObject, UserPointer } from "../memory/object.ts"
import type { System } from "../system.ts"
import type { Steps } from "../time/steps.ts"
import type { Endpoint } from "./address.ts"
import { ETHER_TYPES, freePacket, newPacket } from "./packet.ts"
import type { InetSocket } from "./socket.ts"

/** `SKB_DROP_REASON_NO_SOCKET` */
const NO_SOCKET = 3

/** Functions that a packet comes through on its way to the transport's own, outermost first, by transport and version of IP. */
const RECEIVERS = {
  4: { network: ["ip_rcv", "ip_local_deliver"], tcp: ["tcp_v4_rcv"], udp: ["udp_rcv", "__udp4_lib_rcv"] },
  6: { network: ["ipv6_rcv", "ip6_input"], tcp: ["tcp_v6_rcv"], udp: ["udpv6_rcv", "__udp6_lib_rcv"] },
} as const

/** The loopback device: packets that go out come in again, in a softirq. */
export class Loopback {
  readonly #system: System
  readonly device: KernelObject

  constructor(system: System) {
    this.#system = system
    this.device = system.kernel.memory.new("net_device", { name: "lo", ifindex: 1, mtu: 65536 })
    this.device.set({ nd_net: { net: system.objects.net } })
  }

  /** A packet of a socket. */
  packet(socket: InetSocket, to: Endpoint, flags: number, bytes: number): KernelObject {
    return newPacket(this.#system.kernel, this.device, socket, to, flags, bytes)
  }

  /** Hands a packet of a socket to the device; the transport's functions are the caller's. */
  *transmit(socket: InetSocket, skb: KernelObject): Steps<number> {
    const { kernel, objects } = this.#system
    const { device } = this
    const output = socket.version === 4 ? "ip_output" : "ip6_output"
    return yield* kernel.call(output, [objects.net, socket.sk, skb], () =>
      kernel.call("__dev_queue_xmit", [skb, 0], function* () {
        const packet = { skbaddr: skb, len: skb.get("len"), name: "lo" }
        const protocol = ETHER_TYPES[socket.version]
        kernel.tracepoint(
          "net:net_dev_queue",
          () => packet,
          () => [skb],
        )
        kernel.tracepoint(
          "net:net_dev_start_xmit",
          () => ({ ...packet, protocol }),
          () => [skb, device],
        )
        kernel.tracepoint(
          "net:net_dev_xmit",
          () => ({ ...packet, rc: 0 }),
          () => [skb, 0, device, packet.len],
        )
        yield 100
        return 0
      }),
    )
  }

  /** The way of a packet from the device up to the transport. */
  *receive(skb: KernelObject, { version, transport }: InetSocket, body: () => Steps<void>): Steps<void> {
    const { kernel } = this.#system
    yield* kernel.call("net_rx_action", [], () =>
      kernel.call("__netif_receive_skb", [skb], () => {
        const packet = { skbaddr: skb, len: skb.get("len"), name: "lo" }
        kernel.tracepoint(
          "net:netif_receive_skb",
          () => packet,
          () => [skb],
        )
        return this.#up(skb, [...RECEIVERS[version].network, ...RECEIVERS[version][transport]], body)
      }),
    )
  }

  *#up(skb: KernelObject, names: readonly string[], body: () => Steps<void>): Steps<void> {
    const [name, ...rest] = names
    // The first one is the device's: it is told which.
    const args = name === "ip_rcv" || name === "ipv6_rcv" ? [skb, this.device, 0, this.device] : [skb]
    if (name === undefined) yield* body()
    else yield* this.#system.kernel.call(name, args, () => this.#up(skb, rest, body))
  }

  /** A packet that no socket waits for is thrown away. */
  drop(socket: InetSocket, to: Endpoint, flags: number, bytes = 0): void {
    const { kernel } = this.#system
    const skb = this.packet(socket, to, flags, bytes)
    if (socket.transport === "tcp") kernel.callNow("tcp_drop", [socket.sk, skb])
    const location = kernel.caller()
    const fields = () => ({
      skbaddr: skb,
      location,
      rx_sk: 0,
      protocol: ETHER_TYPES[socket.version],
      reason: NO_SOCKET,
    })
    kernel.tracepoint("skb:kfree_skb", fields, () => [skb, location, NO_SOCKET, 0])
    freePacket(kernel, skb)
  }

  /** `struct msghdr` of a call that sends or receives so many bytes. */
  message(buffer: UserPointer, count: number): KernelObject {
    const iterator = { "msg_iter.ubuf": buffer, "msg_iter.count": count, "msg_iter.nr_segs": 1 }
    return this.#system.kernel.memory.new("msghdr", iterator)
  }
}
