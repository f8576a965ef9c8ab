import type { UserPointer } from "../memory/object.ts"
import type { System } from "../system.ts"
import { INTERRUPTIBLE, type Task } from "../tasks/task.ts"
import { BLOCK, type Steps } from "../time/steps.ts"
import { type Endpoint, FAMILIES, type IpVersion, local } from "./address.ts"
import { freePacket } from "./packet.ts"
import { type Datagram, UdpSocket } from "./socket.ts"

/** Datagrams over the loopback device. */
export class Udp {
  readonly #system: System
  /** Sockets with an address, by version of IP and port. */
  readonly #bound = new Map<string, UdpSocket>()
  #port = 50_000

  constructor(system: System) {
    this.#system = system
  }

  /** A new socket. */
  *create(task: Task, version: IpVersion): Steps<UdpSocket> {
    const { kernel, objects } = this.#system
    const socket = new UdpSocket(kernel, objects.net, version)
    yield* kernel.call("__sock_create", [objects.net, FAMILIES[version], 2, 0], () => 0)
    socket.ownedBy(task)
    return socket
  }

  /** Gives a socket a port of this computer. */
  bind(socket: UdpSocket, port: number): void {
    socket.bind(local(socket.version, port))
    this.#bound.set(keyOf(socket.from), socket)
  }

  /** Sends a datagram to a port of this computer: how many bytes. */
  *send(socket: UdpSocket, to: Endpoint, buffer: UserPointer, count: number): Steps<number> {
    const { kernel, loopback } = this.#system
    if (socket.from.port === 0) this.bind(socket, this.#free())
    const message = loopback.message(buffer, count)
    const name = socket.version === 4 ? "udp_sendmsg" : "udpv6_sendmsg"
    const sent = yield* kernel.call(name, [socket.sk, message, count], () => this.#send(socket, to, count))
    kernel.memory.free(message)
    return sent
  }

  *#send(socket: UdpSocket, to: Endpoint, count: number): Steps<number> {
    const { kernel, loopback, objects, interrupts, allocator } = this.#system
    const give = allocator.take("skbuff_head_cache", 256)
    const skb = loopback.packet(socket, to, 0, count)
    const [own, network] = socket.version === 4 ? ["udp_send_skb", "ip_send_skb"] : ["udp_v6_send_skb", "ip6_send_skb"]
    const args = socket.version === 4 ? [objects.net, skb] : [skb]
    yield* kernel.call(own, [skb, 0, 0], () => kernel.call(network, args, () => loopback.transmit(socket, skb)))
    freePacket(kernel, skb)
    give()
    const from = socket.from
    interrupts.softirqAfter(kernel.cpu(), "NET_RX", () => this.#deliver(socket, { bytes: count, from }, to))
    return count
  }

  *#deliver(sender: UdpSocket, datagram: Datagram, to: Endpoint): Steps<void> {
    const { kernel, loopback, scheduler } = this.#system
    const socket = this.#bound.get(keyOf(to))
    if (socket === undefined) {
      loopback.drop(sender, to, 0, datagram.bytes)
      return
    }
    const skb = loopback.packet(sender, to, 0, datagram.bytes)
    const queue = socket.version === 4 ? "udp_queue_rcv_one_skb" : "udpv6_queue_rcv_one_skb"
    yield* loopback.receive(skb, socket, function* () {
      yield* kernel.call(queue, [socket.sk, skb], () => 0)
    })
    freePacket(kernel, skb)
    socket.queue.push(datagram)
    for (const waiter of socket.waiters.splice(0)) scheduler.wake(waiter)
  }

  /** Receives a datagram, waits for one. */
  *receive(task: Task, socket: UdpSocket, buffer: UserPointer, count: number): Steps<Datagram> {
    const { kernel, loopback } = this.#system
    const message = loopback.message(buffer, count)
    let datagram: Datagram | undefined
    const name = socket.version === 4 ? "udp_recvmsg" : "udpv6_recvmsg"
    yield* kernel.call(name, [socket.sk, message, count, 0, 0], function* () {
      while ((datagram = socket.queue.shift()) === undefined) {
        socket.waiters.push(task)
        task.state = INTERRUPTIBLE
        yield BLOCK
      }
      return Math.min(count, datagram.bytes)
    })
    kernel.memory.free(message)
    return datagram!
  }

  /** Ends a socket. */
  *close(socket: UdpSocket): Steps<void> {
    const { kernel } = this.#system
    this.#bound.delete(keyOf(socket.from))
    const name = socket.version === 4 ? "udp_destroy_sock" : "udpv6_destroy_sock"
    yield* kernel.call(name, [socket.sk])
    kernel.release(socket.object, socket.socket)
  }

  #free(): number {
    this.#port = this.#port >= 60_000 ? 50_000 : this.#port + 1
    return this.#port
  }
}

const keyOf = ({ version, port }: Endpoint): string => `${version}:${port}`
