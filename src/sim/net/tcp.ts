import type { UserPointer } from "../memory/object.ts"
import type { System } from "../system.ts"
import { capable } from "../tasks/rights.ts"
import { INTERRUPTIBLE, type Task } from "../tasks/task.ts"
import { BLOCK, type Steps } from "../time/steps.ts"
import { endFields, FAMILIES, type IpVersion, local } from "./address.ts"
import { ACK, FIN, freePacket, SYN } from "./packet.ts"
import { PROTOCOLS, TCP, TcpSocket } from "./socket.ts"
import { Stream } from "./stream.ts"

/** Error number of a connection that nobody listens for. */
const ECONNREFUSED = 111

/** TCP over the loopback device, with IPv4 and IPv6: how connections begin and end. What goes over them is in `stream.ts`. */
export class Tcp {
  readonly #system: System
  /** What goes over connections. */
  readonly stream: Stream
  /** Sockets that wait for connections, by version of IP and port. */
  readonly #listeners = new Map<string, TcpSocket>()
  readonly #congestion
  #port = 40_000

  constructor(system: System) {
    this.#system = system
    this.stream = new Stream(system)
    this.#congestion = system.kernel.memory.new("tcp_congestion_ops", { name: "cubic" })
  }

  /** A new socket. */
  *create(task: Task, version: IpVersion): Steps<TcpSocket> {
    const { kernel, objects } = this.#system
    const socket = this.#make(version)
    const { type, protocol } = PROTOCOLS.tcp
    yield* kernel.call("__sock_create", [objects.net, FAMILIES[version], type, protocol], () => 0)
    socket.ownedBy(task)
    return socket
  }

  #make(version: IpVersion): TcpSocket {
    const { kernel, objects } = this.#system
    const socket = new TcpSocket(kernel, objects.net, version)
    socket.tcp.set({ "inet_conn.icsk_ca_ops": this.#congestion })
    return socket
  }

  /** Gives a socket a port of this computer: 0, or a negative error number. */
  *bind(socket: TcpSocket, port: number, address: UserPointer): Steps<number> {
    const { kernel } = this.#system
    const [name, size] = socket.version === 4 ? ["inet_bind", 16] : ["inet6_bind", 28]
    return yield* kernel.call(name as string, [socket.socket, address, size], () => this.#bind(socket, port))
  }

  *#bind(socket: TcpSocket, port: number): Steps<number> {
    const { kernel, objects } = this.#system
    if (port < 1024) {
      const refused = yield* capable(kernel, kernel.current, objects.userNamespace, "NET_BIND_SERVICE")
      if (refused !== 0) return refused
    }
    socket.bind(local(socket.version, port))
    return 0
  }

  /** Waits for connections from now on. */
  *listen(socket: TcpSocket, backlog: number): Steps<number> {
    const { kernel } = this.#system
    return yield* kernel.call("inet_listen", [socket.socket, backlog], () => {
      socket.sk.set({ sk_max_ack_backlog: backlog })
      this.#setState(socket, TCP.LISTEN)
      this.#listeners.set(`${socket.version}:${socket.from.port}`, socket)
      return 0
    })
  }

  /** Connects to a port of this computer: 0, or a negative error number. */
  *connect(socket: TcpSocket, port: number, address: UserPointer): Steps<number> {
    const { kernel } = this.#system
    const { version } = socket
    const args = [socket.sk, address, version === 4 ? 16 : 28]
    return yield* kernel.call(`tcp_v${version}_connect`, args, () => this.#connect(socket, port))
  }

  *#connect(socket: TcpSocket, port: number): Steps<number> {
    const { kernel, interrupts, loopback } = this.#system
    const { version } = socket
    const listener = this.#listeners.get(`${version}:${port}`)
    socket.pointAt(local(version, port))
    this.#setState(socket, TCP.SYN_SENT)
    this.#port = this.#port >= 60_000 ? 40_000 : this.#port + 1
    socket.bind(local(version, this.#port))
    yield* this.stream.transmit(socket, SYN, 0)
    if (listener === undefined) {
      loopback.drop(socket, socket.to, SYN)
      this.#setState(socket, TCP.CLOSE)
      return -ECONNREFUSED
    }
    const child = this.#make(version)
    child.peer = socket
    socket.peer = child
    interrupts.softirqAfter(kernel.cpu(), "NET_RX", () => this.#accepted(socket, child, listener))
    yield kernel.between(20_000, 90_000)
    return 0
  }

  /** The server's half of the handshake, as the softirq does it. */
  *#accepted(client: TcpSocket, child: TcpSocket, listener: TcpSocket): Steps<void> {
    const { kernel, scheduler, loopback } = this.#system
    const syn = loopback.packet(client, client.to, SYN, 0)
    yield* this.stream.receive(syn, listener, () => kernel.call("tcp_rcv_state_process", [listener.sk, syn], () => 0))
    child.bind(client.to)
    child.pointAt(client.from)
    yield* kernel.call("tcp_rcv_state_process", [client.sk, syn], function* () {
      yield* kernel.call("tcp_finish_connect", [client.sk, syn])
    })
    this.#setState(client, TCP.ESTABLISHED)
    const created = `tcp_v${client.version}_syn_recv_sock`
    yield* kernel.call(created, [listener.sk, syn, 0, 0, 0, 0], () => child.sk)
    child.state = TCP.SYN_RECV
    child.common({ skc_state: TCP.SYN_RECV })
    yield* kernel.call("tcp_rcv_state_process", [child.sk, syn], () => 0)
    this.#setState(child, TCP.ESTABLISHED)
    freePacket(kernel, syn)
    listener.backlog.push(child)
    listener.sk.set({ sk_ack_backlog: listener.backlog.length })
    for (const waiter of listener.waiters.splice(0, 1)) scheduler.wake(waiter)
  }

  /** Takes a connection over; waits for one. */
  *accept(task: Task, listener: TcpSocket): Steps<TcpSocket> {
    const { kernel } = this.#system
    let child: TcpSocket | undefined
    yield* kernel.call("inet_csk_accept", [listener.sk, 0], function* () {
      while ((child = listener.backlog.shift()) === undefined) {
        listener.waiters.push(task)
        task.state = INTERRUPTIBLE
        yield BLOCK
      }
      return child.sk
    })
    listener.sk.set({ sk_ack_backlog: listener.backlog.length })
    child!.ownedBy(task)
    return child!
  }

  /** Ends a connection from this side. */
  *close(socket: TcpSocket): Steps<void> {
    yield* this.#system.kernel.call("tcp_close", [socket.sk, 0], () => this.#close(socket))
  }

  *#close(socket: TcpSocket): Steps<void> {
    const { kernel, interrupts, scheduler } = this.#system
    if (socket.state === TCP.LISTEN) this.#listeners.delete(`${socket.version}:${socket.from.port}`)
    const { peer } = socket
    if (socket.state === TCP.ESTABLISHED && peer !== undefined) {
      this.#setState(socket, TCP.FIN_WAIT1)
      yield* this.stream.transmit(socket, FIN | ACK, 0)
      interrupts.softirqAfter(kernel.cpu(), "NET_RX", () => this.#finish(socket, peer))
      for (const waiter of peer.waiters.splice(0)) scheduler.wake(waiter)
      return
    }
    if (socket.state === TCP.CLOSE_WAIT) {
      this.#setState(socket, TCP.LAST_ACK)
      yield* this.stream.transmit(socket, FIN | ACK, 0)
      if (peer !== undefined) this.#destroy(peer)
    }
    this.#destroy(socket)
  }

  /** The other end learns that nothing more comes. */
  *#finish(socket: TcpSocket, peer: TcpSocket): Steps<void> {
    const { kernel, loopback } = this.#system
    const skb = loopback.packet(socket, socket.to, FIN | ACK, 0)
    yield* this.stream.receive(skb, peer, () => kernel.call("tcp_rcv_state_process", [peer.sk, skb], () => 0))
    freePacket(kernel, skb)
    peer.ended = true
    if (peer.state === TCP.ESTABLISHED) this.#setState(peer, TCP.CLOSE_WAIT)
    this.#setState(socket, TCP.FIN_WAIT2)
  }

  #destroy(socket: TcpSocket): void {
    const { kernel } = this.#system
    if (socket.state !== TCP.CLOSE) this.#setState(socket, TCP.CLOSE)
    kernel.callNow("tcp_v4_destroy_sock", [socket.sk])
    const fields = () => ({ skaddr: socket.sk, ...endFields(socket.from, socket.to), sock_cookie: 1 })
    kernel.tracepoint("tcp:tcp_destroy_sock", fields, () => [socket.sk])
    kernel.release(socket.object, socket.socket)
  }

  #setState(socket: TcpSocket, state: number): void {
    const { kernel } = this.#system
    const old = socket.state
    kernel.callNow("tcp_set_state", [socket.sk, state], () => {
      const { protocol } = PROTOCOLS.tcp
      const states = { oldstate: old, newstate: state, protocol }
      const fields = () => ({ skaddr: socket.sk, ...states, ...endFields(socket.from, socket.to) })
      kernel.tracepoint("sock:inet_sock_set_state", fields, () => [socket.sk, old, state])
      socket.state = state
      socket.common({ skc_state: state })
    })
  }
}
