import type { KernelObject, UserPointer } from "../memory/object.ts"
import type { System } from "../system.ts"
import { capable } from "../tasks/rights.ts"
import { INTERRUPTIBLE, type Task } from "../tasks/task.ts"
import { BLOCK, type Steps } from "../time/steps.ts"
import { ACK, FIN, freePacket, newPacket, PSH, SYN } from "./packet.ts"
import { type Endpoint, INET, SOCK, Socket, TCP } from "./socket.ts"

const AF_INET = 2
const SOCK_STREAM = 1
const IPPROTO_TCP = 6
const LOOPBACK = 0x7f000001
/** Error number of a connection that nobody listens for. */
const ECONNREFUSED = 111
/** Bytes that go in one packet over the loopback device. */
const SEGMENT = 32_768
/** `TCP_CA_Loss`: what was sent is taken for lost. */
const CA_LOSS = 4
/** `SKB_DROP_REASON_NO_SOCKET` */
const NO_SOCKET = 3

const swapped = (port: number): number => ((port & 0xff) << 8) | (port >> 8)
/** Bytes of an address in network order, as a little-endian number. */
const network = (address: number): number =>
  (((address & 0xff) << 24) | ((address & 0xff00) << 8) | ((address >> 8) & 0xff00) | (address >>> 24)) >>> 0
const octets = (address: number): number[] => [24, 16, 8, 0].map(shift => (address >>> shift) & 0xff)

/** TCP over the loopback device: sockets, connections, data, and now and then a segment that is lost. */
export class Tcp {
  readonly #system: System
  readonly device: KernelObject
  readonly #listeners = new Map<number, Socket>()
  readonly #ops: KernelObject
  #port = 40_000
  /** Of 1,000 segments, how many are lost and sent again. */
  lost = 6

  constructor(system: System) {
    this.#system = system
    const { memory } = system.kernel
    this.device = memory.new("net_device", { name: "lo", ifindex: 1, mtu: 65536 })
    this.device.set({ nd_net: { net: system.objects.net } })
    this.#ops = memory.new("tcp_congestion_ops", { name: "cubic" })
  }

  /** A new socket. */
  *create(task: Task): Steps<Socket> {
    const { kernel } = this.#system
    const socket = this.#make()
    yield* kernel.call("__sock_create", [this.#system.objects.net, AF_INET, SOCK_STREAM, IPPROTO_TCP], () => 0)
    socket.object.set({ [`${SOCK}.sk_uid.val`]: task.uid })
    return socket
  }

  #make(): Socket {
    const { kernel, objects } = this.#system
    const { memory } = kernel
    const sk = memory.new("tcp_sock", {
      srtt_us: 400 << 3,
      mdev_us: 100,
      snd_cwnd: 10,
      snd_ssthresh: 0x7fffffff,
      mss_cache: 65483,
    })
    const outer = memory.new("socket", { sk, type: SOCK_STREAM })
    const socket = new Socket(sk, outer)
    socket.common({
      skc_family: AF_INET,
      skc_state: TCP.CLOSE,
      "skc_net.net": objects.net,
      skc_cookie: kernel.random(),
    })
    sk.set({
      [`${SOCK}.sk_protocol`]: IPPROTO_TCP,
      [`${SOCK}.sk_type`]: SOCK_STREAM,
      [`${SOCK}.sk_socket`]: outer,
      [`${SOCK}.sk_max_ack_backlog`]: 128,
      "inet_conn.icsk_ca_ops": this.#ops,
    })
    return socket
  }

  /** Gives a socket an address. */
  *bind(socket: Socket, port: number, address: UserPointer): Steps<number> {
    const { kernel } = this.#system
    return yield* kernel.call("inet_bind", [socket.socket, address, 16], () => this.#bind(socket, port))
  }

  *#bind(socket: Socket, port: number): Steps<number> {
    const { kernel, objects } = this.#system
    if (port < 1024) {
      const refused = yield* capable(kernel, kernel.current, objects.userNamespace, "NET_BIND_SERVICE")
      if (refused !== 0) return refused
    }
    this.#local(socket, { address: LOOPBACK, port })
    return 0
  }

  /** Waits for connections from now on. */
  *listen(socket: Socket, backlog: number): Steps<number> {
    const { kernel } = this.#system
    return yield* kernel.call("inet_listen", [socket.socket, backlog], () => {
      this.#setState(socket, TCP.LISTEN)
      this.#listeners.set(socket.local.port, socket)
      return 0
    })
  }

  /** Connects to a port of this computer: 0, or a negative error number. */
  *connect(socket: Socket, port: number, address: UserPointer): Steps<number> {
    const { kernel } = this.#system
    return yield* kernel.call("tcp_v4_connect", [socket.object, address, 16], () => this.#connect(socket, port))
  }

  *#connect(socket: Socket, port: number): Steps<number> {
    const { kernel, interrupts } = this.#system
    const listener = this.#listeners.get(port)
    this.#remote(socket, { address: LOOPBACK, port })
    this.#setState(socket, TCP.SYN_SENT)
    this.#port = this.#port >= 60_000 ? 40_000 : this.#port + 1
    this.#local(socket, { address: LOOPBACK, port: this.#port })
    yield* this.#transmit(socket, SYN, 0)
    if (listener === undefined) {
      const skb = this.#packet(socket, SYN, 0)
      const fields = () => ({ skbaddr: skb, location: kernel.caller(), rx_sk: 0, protocol: 0x0800, reason: NO_SOCKET })
      kernel.callNow("tcp_drop", [socket.object, skb])
      kernel.tracepoint("skb:kfree_skb", fields, () => [skb, kernel.caller(), NO_SOCKET, 0])
      freePacket(kernel, skb)
      this.#setState(socket, TCP.CLOSE)
      return -ECONNREFUSED
    }
    const child = this.#make()
    child.peer = socket
    socket.peer = child
    interrupts.softirqAfter(kernel.cpu(), "NET_RX", () => this.#accepted(socket, child, listener))
    yield kernel.between(20_000, 90_000)
    return 0
  }

  /** The server's half of the handshake, as the softirq does it. */
  *#accepted(client: Socket, child: Socket, listener: Socket): Steps<void> {
    const { kernel, scheduler } = this.#system
    const syn = this.#packet(client, SYN, 0)
    yield* this.#receive(syn, function* () {
      yield* kernel.call("tcp_rcv_state_process", [listener.object, syn], () => 0)
    })
    this.#local(child, client.remote)
    this.#remote(child, client.local)
    yield* kernel.call("tcp_rcv_state_process", [client.object, syn], function* () {
      yield* kernel.call("tcp_finish_connect", [client.object, syn])
    })
    this.#setState(client, TCP.ESTABLISHED)
    yield* kernel.call("tcp_v4_syn_recv_sock", [listener.object, syn, 0, 0, 0, 0], () => child.object)
    child.state = TCP.SYN_RECV
    child.common({ skc_state: TCP.SYN_RECV })
    yield* kernel.call("tcp_rcv_state_process", [child.object, syn], () => 0)
    this.#setState(child, TCP.ESTABLISHED)
    freePacket(kernel, syn)
    listener.backlog.push(child)
    listener.object.set({ [`${SOCK}.sk_ack_backlog`]: listener.backlog.length })
    for (const waiter of listener.waiters.splice(0, 1)) scheduler.wake(waiter)
  }

  /** Takes a connection over; waits for one. */
  *accept(task: Task, listener: Socket): Steps<Socket> {
    const { kernel } = this.#system
    let child: Socket | undefined
    yield* kernel.call("inet_csk_accept", [listener.object, 0], function* () {
      while ((child = listener.backlog.shift()) === undefined) {
        listener.waiters.push(task)
        task.state = INTERRUPTIBLE
        yield BLOCK
      }
      return child.object
    })
    listener.object.set({ [`${SOCK}.sk_ack_backlog`]: listener.backlog.length })
    child!.object.set({ [`${SOCK}.sk_uid.val`]: task.uid })
    return child!
  }

  /** Sends bytes: how many. */
  *send(socket: Socket, buffer: UserPointer, count: number): Steps<number> {
    const { kernel } = this.#system
    const message = this.#message(buffer, count)
    const sent = yield* kernel.call("tcp_sendmsg", [socket.object, message, count], () => this.#send(socket, count))
    kernel.memory.free(message)
    return sent
  }

  *#send(socket: Socket, count: number): Steps<number> {
    const { kernel, interrupts } = this.#system
    for (let left = count; left > 0; left -= SEGMENT) {
      const bytes = Math.min(left, SEGMENT)
      yield* this.#transmit(socket, PSH | ACK, bytes)
      socket.object.add("bytes_sent", bytes)
      socket.object.add("segs_out", 1)
      const { peer } = socket
      if (peer === undefined) continue
      const cpu = kernel.cpu()
      const deliver = (): void => interrupts.softirqAfter(cpu, "NET_RX", () => this.#deliver(socket, peer, bytes))
      if (kernel.random() % 1000 >= this.lost) deliver()
      else kernel.after(201_000_000, () => this.#retransmit(cpu, socket, bytes, deliver))
    }
    return count
  }

  #retransmit(cpu: number, socket: Socket, bytes: number, deliver: () => void): void {
    const { kernel, interrupts } = this.#system
    interrupts.softirqAfter(cpu, "TIMER", () =>
      kernel.call("tcp_retransmit_timer", [socket.object], () => this.#again(socket, bytes)),
    )
    deliver()
  }

  *#again(socket: Socket, bytes: number): Steps<void> {
    const { kernel } = this.#system
    const skb = this.#packet(socket, PSH | ACK, bytes)
    yield* kernel.call("tcp_retransmit_skb", [socket.object, skb, 1], () => 0)
    const fields = () => ({ skbaddr: skb, skaddr: socket.object, state: socket.state, ...this.#ends(socket), err: 0 })
    kernel.tracepoint("tcp:tcp_retransmit_skb", fields, () => [socket.object, skb, 0])
    socket.object.add("total_retrans", 1)
    socket.object.set({ "inet_conn.icsk_ca_state": CA_LOSS })
    const state = () => ({ skaddr: socket.object, ...this.#ends(socket), cong_state: CA_LOSS })
    kernel.tracepoint("tcp:tcp_cong_state_set", state, () => [socket.object, CA_LOSS])
    freePacket(kernel, skb)
  }

  *#deliver(from: Socket, to: Socket, bytes: number): Steps<void> {
    const { kernel, scheduler } = this.#system
    const skb = this.#packet(from, PSH | ACK, bytes)
    yield* this.#receive(skb, function* () {
      yield* kernel.call("tcp_rcv_established", [to.object, skb])
    })
    to.pending += bytes
    to.object.add("bytes_received", bytes)
    to.object.add("segs_in", 1)
    from.object.add("bytes_acked", bytes)
    const srtt = Math.max(80, (from.object.get("srtt_us") >> 3) + kernel.between(-60, 61))
    from.object.set({ srtt_us: srtt << 3 })
    freePacket(kernel, skb)
    for (const waiter of to.waiters.splice(0)) scheduler.wake(waiter)
  }

  /** Receives bytes, waits for some: how many, 0 at the end. */
  *receive(task: Task, socket: Socket, buffer: UserPointer, count: number): Steps<number> {
    const { kernel } = this.#system
    const message = this.#message(buffer, count)
    const got = yield* kernel.call("tcp_recvmsg", [socket.object, message, count, 0, 0], function* () {
      while (socket.pending === 0 && !socket.ended) {
        socket.waiters.push(task)
        task.state = INTERRUPTIBLE
        yield BLOCK
      }
      const copied = Math.min(count, socket.pending)
      socket.pending -= copied
      if (copied > 0) yield* kernel.call("tcp_cleanup_rbuf", [socket.object, copied], undefined, 80)
      return copied
    })
    kernel.memory.free(message)
    return got
  }

  /** Ends a connection from this side. */
  *close(socket: Socket): Steps<void> {
    const { kernel } = this.#system
    yield* kernel.call("tcp_close", [socket.object, 0], () => this.#close(socket))
  }

  *#close(socket: Socket): Steps<void> {
    const { kernel, interrupts, scheduler } = this.#system
    if (socket.state === TCP.LISTEN) this.#listeners.delete(socket.local.port)
    const { peer } = socket
    if (socket.state === TCP.ESTABLISHED && peer !== undefined) {
      this.#setState(socket, TCP.FIN_WAIT1)
      yield* this.#transmit(socket, FIN | ACK, 0)
      interrupts.softirqAfter(kernel.cpu(), "NET_RX", () => this.#finish(socket, peer))
      for (const waiter of peer.waiters.splice(0)) scheduler.wake(waiter)
      return
    }
    if (socket.state === TCP.CLOSE_WAIT) {
      this.#setState(socket, TCP.LAST_ACK)
      yield* this.#transmit(socket, FIN | ACK, 0)
      if (peer !== undefined) this.#destroy(peer)
    }
    this.#destroy(socket)
  }

  /** The other end learns that nothing more comes. */
  *#finish(socket: Socket, peer: Socket): Steps<void> {
    const { kernel } = this.#system
    const skb = this.#packet(socket, FIN | ACK, 0)
    yield* this.#receive(skb, function* () {
      yield* kernel.call("tcp_rcv_state_process", [peer.object, skb], () => 0)
    })
    freePacket(kernel, skb)
    peer.ended = true
    if (peer.state === TCP.ESTABLISHED) this.#setState(peer, TCP.CLOSE_WAIT)
    this.#setState(socket, TCP.FIN_WAIT2)
  }

  #destroy(socket: Socket): void {
    const { kernel } = this.#system
    if (socket.state !== TCP.CLOSE) this.#setState(socket, TCP.CLOSE)
    kernel.callNow("tcp_v4_destroy_sock", [socket.object])
    const fields = () => ({ skaddr: socket.object, ...this.#ends(socket), sock_cookie: 1 })
    kernel.tracepoint("tcp:tcp_destroy_sock", fields, () => [socket.object])
    kernel.release(socket.object, socket.socket)
  }

  #setState(socket: Socket, state: number): void {
    const { kernel } = this.#system
    const old = socket.state
    kernel.callNow("tcp_set_state", [socket.object, state], () => {
      const fields = () => ({
        skaddr: socket.object,
        oldstate: old,
        newstate: state,
        protocol: IPPROTO_TCP,
        ...this.#ends(socket),
      })
      kernel.tracepoint("sock:inet_sock_set_state", fields, () => [socket.object, old, state])
      socket.state = state
      socket.common({ skc_state: state })
    })
  }

  /** Both ends, as tracepoints tell them. */
  #ends({ local, remote }: Socket) {
    const mapped = (address: number) => [...new Array<number>(10).fill(0), 0xff, 0xff, ...octets(address)]
    return {
      sport: local.port,
      dport: remote.port,
      family: AF_INET,
      saddr: octets(local.address),
      daddr: octets(remote.address),
      saddr_v6: mapped(local.address),
      daddr_v6: mapped(remote.address),
    }
  }

  #local(socket: Socket, local: Endpoint): void {
    socket.local = local
    socket.common({ skc_num: local.port, skc_rcv_saddr: network(local.address) })
    socket.object.set({ [`${INET}.inet_sport`]: swapped(local.port), [`${INET}.inet_saddr`]: network(local.address) })
  }

  #remote(socket: Socket, remote: Endpoint): void {
    socket.remote = remote
    socket.common({ skc_dport: swapped(remote.port), skc_daddr: network(remote.address) })
  }

  #message(buffer: UserPointer, count: number): KernelObject {
    return this.#system.kernel.memory.new("msghdr", {
      "msg_iter.ubuf": buffer,
      "msg_iter.count": count,
      "msg_iter.nr_segs": 1,
    })
  }

  #packet(from: Socket, flags: number, bytes: number): KernelObject {
    return newPacket(this.#system.kernel, this.device, from.object, [from.local, from.remote], flags, bytes)
  }

  *#transmit(socket: Socket, flags: number, bytes: number): Steps<void> {
    const { kernel, allocator, objects } = this.#system
    const { device } = this
    const give = allocator.take("skbuff_fclone_cache", 512)
    const skb = this.#packet(socket, flags, bytes)
    yield* kernel.call("tcp_write_xmit", [socket.object], () =>
      kernel.call("__tcp_transmit_skb", [socket.object, skb, 0, 0, 0], () =>
        kernel.call("ip_queue_xmit", [socket.object, skb, 0], () =>
          kernel.call("ip_output", [objects.net, socket.object, skb], () =>
            kernel.call("__dev_queue_xmit", [skb, 0], function* () {
              const packet = { skbaddr: skb, len: skb.get("len"), name: "lo" }
              kernel.tracepoint(
                "net:net_dev_queue",
                () => packet,
                () => [skb],
              )
              kernel.tracepoint(
                "net:net_dev_start_xmit",
                () => ({ ...packet, protocol: 0x0800 }),
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
          ),
        ),
      ),
    )
    freePacket(kernel, skb)
    give()
  }

  /** The way of a packet up to TCP. */
  *#receive(skb: KernelObject, body: () => Steps<void>): Steps<void> {
    const { kernel, objects } = this.#system
    const { device } = this
    yield* kernel.call("net_rx_action", [], () =>
      kernel.call("__netif_receive_skb", [skb], function* () {
        const packet = { skbaddr: skb, len: skb.get("len"), name: "lo" }
        kernel.tracepoint(
          "net:netif_receive_skb",
          () => packet,
          () => [skb],
        )
        yield* kernel.call("ip_rcv", [skb, device, 0, device], () =>
          kernel.call("ip_local_deliver", [skb], () =>
            kernel.call("tcp_v4_rcv", [skb], function* () {
              yield* kernel.call("tcp_v4_do_rcv", [objects.net, skb], body, 150)
              return 0
            }),
          ),
        )
      }),
    )
  }
}
