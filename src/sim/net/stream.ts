import type { KernelObject, UserPointer } from "../memory/object.ts"
import type { System } from "../system.ts"
import { INTERRUPTIBLE, type Task } from "../tasks/task.ts"
import { BLOCK, type Steps } from "../time/steps.ts"
import { endFields } from "./address.ts"
import { ACK, freePacket, PSH } from "./packet.ts"
import type { TcpSocket } from "./socket.ts"

/** Bytes that go in one packet over the loopback device. */
const SEGMENT = 32_768
/** States of `enum tcp_ca_state`: all is well, and what was sent is taken for lost. */
const CA_OPEN = 0
const CA_LOSS = 4
/** Most bytes of a call of which it is known what they are; the others are zeros. */
const KNOWN = 4096
/** Nanoseconds after which the last segment is sent again to see whether it was lost, and after which it is taken for lost. */
const PROBE_TIME = 12_000_000
const TIMEOUT = 201_000_000

/** What goes over a connection of TCP: segments, of which some are lost and sent again. */
export class Stream {
  readonly #system: System
  /** Of 1,000 segments, how many are lost. */
  lost = 20

  constructor(system: System) {
    this.#system = system
  }

  /** Sends bytes: how many. */
  *send(socket: TcpSocket, buffer: UserPointer, count: number): Steps<number> {
    const { kernel, loopback } = this.#system
    const message = loopback.message(buffer, count)
    const sent = yield* kernel.call("tcp_sendmsg", [socket.sk, message, count], () =>
      kernel.call("tcp_sendmsg_locked", [socket.sk, message, count], () => this.#send(socket, count, buffer)),
    )
    kernel.memory.free(message)
    return sent
  }

  *#send(socket: TcpSocket, count: number, buffer: UserPointer): Steps<number> {
    const { kernel, interrupts } = this.#system
    const piece = kernel.memory.linear.bytes(buffer.offset, Math.min(count, KNOWN)).slice()
    for (let left = count; left > 0; left -= SEGMENT) {
      const bytes = Math.min(left, SEGMENT)
      yield* this.transmit(socket, PSH | ACK, bytes)
      socket.tcp.add("bytes_sent", bytes)
      socket.tcp.add("snd_nxt", bytes)
      socket.tcp.add("segs_out", 1)
      const { peer } = socket
      if (peer === undefined) continue
      if (left === count) peer.pieces.push(piece)
      const cpu = kernel.cpu()
      const deliver = (): void => interrupts.softirqAfter(cpu, "NET_RX", () => this.#deliver(socket, peer, bytes))
      if (kernel.random() % 1000 >= this.lost) deliver()
      else this.#lose(cpu, socket, bytes, deliver)
    }
    return count
  }

  /** A segment does not arrive. The probe for the tail of what was sent brings it again, or that is lost, too, and the timeout does. */
  #lose(cpu: number, socket: TcpSocket, bytes: number, deliver: () => void): void {
    const { kernel, interrupts } = this.#system
    kernel.after(PROBE_TIME, () => {
      interrupts.softirqAfter(cpu, "TIMER", () =>
        kernel.call("tcp_send_loss_probe", [socket.sk], () => this.#again(socket, bytes)),
      )
      if (kernel.chance(50)) deliver()
      else kernel.after(TIMEOUT, () => this.#timeout(cpu, socket, bytes, deliver))
    })
  }

  #timeout(cpu: number, socket: TcpSocket, bytes: number, deliver: () => void): void {
    const { kernel, interrupts } = this.#system
    const again = (): Steps<void> => this.#again(socket, bytes)
    const setState = (state: number): void => this.#setCongestion(socket, state)
    interrupts.softirqAfter(cpu, "TIMER", () =>
      kernel.call("tcp_retransmit_timer", [socket.sk], function* () {
        yield* kernel.call("tcp_enter_loss", [socket.sk], () => setState(CA_LOSS))
        yield* again()
      }),
    )
    deliver()
    setState(CA_OPEN)
  }

  #setCongestion(socket: TcpSocket, state: number): void {
    socket.tcp.set({ "inet_conn.icsk_ca_state": state })
    const fields = () => ({ skaddr: socket.sk, ...endFields(socket.from, socket.to), cong_state: state })
    this.#system.kernel.tracepoint("tcp:tcp_cong_state_set", fields, () => [socket.sk, state])
  }

  /** The first segment that was not acknowledged goes out once more. */
  *#again(socket: TcpSocket, bytes: number): Steps<void> {
    const { kernel, loopback } = this.#system
    const skb = loopback.packet(socket, socket.to, PSH | ACK, bytes)
    yield* kernel.call("tcp_retransmit_skb", [socket.sk, skb, 1], () => 0)
    const ends = endFields(socket.from, socket.to)
    const fields = () => ({ skbaddr: skb, skaddr: socket.sk, state: socket.state, ...ends, err: 0 })
    kernel.tracepoint("tcp:tcp_retransmit_skb", fields, () => [socket.sk, skb, 0])
    socket.tcp.add("total_retrans", 1)
    freePacket(kernel, skb)
  }

  *#deliver(from: TcpSocket, to: TcpSocket, bytes: number): Steps<void> {
    const { kernel, scheduler, loopback } = this.#system
    const skb = loopback.packet(from, from.to, PSH | ACK, bytes)
    yield* this.receive(skb, to, () => kernel.call("tcp_rcv_established", [to.sk, skb]))
    to.pending += bytes
    to.tcp.add("bytes_received", bytes)
    to.tcp.add("segs_in", 1)
    from.tcp.add("bytes_acked", bytes)
    from.tcp.add("snd_una", bytes)
    const srtt = Math.max(80, (from.tcp.get("srtt_us") >> 3) + kernel.between(-60, 61))
    from.tcp.set({ srtt_us: srtt << 3 })
    freePacket(kernel, skb)
    for (const waiter of to.waiters.splice(0)) scheduler.wake(waiter)
  }

  /** Receives bytes, waits for some: how many, 0 at the end. */
  *read(task: Task, socket: TcpSocket, buffer: UserPointer, count: number): Steps<number> {
    const { kernel, loopback } = this.#system
    const message = loopback.message(buffer, count)
    const got = yield* kernel.call("tcp_recvmsg", [socket.sk, message, count, 0, 0], function* () {
      while (socket.pending === 0 && !socket.ended) {
        socket.waiters.push(task)
        task.state = INTERRUPTIBLE
        yield BLOCK
      }
      const copied = Math.min(count, socket.pending)
      socket.pending -= copied
      const piece = socket.pieces.shift()
      if (piece !== undefined) kernel.memory.linear.bytes(buffer.offset, KNOWN).set(piece.subarray(0, copied))
      if (copied > 0) yield* kernel.call("tcp_cleanup_rbuf", [socket.sk, copied], undefined, 80)
      return copied
    })
    kernel.memory.free(message)
    return got
  }

  /** A segment goes out. */
  *transmit(socket: TcpSocket, flags: number, bytes: number): Steps<void> {
    const { kernel, allocator, loopback } = this.#system
    const give = allocator.take("skbuff_fclone_cache", 512)
    const skb = loopback.packet(socket, socket.to, flags, bytes)
    const queue = socket.version === 4 ? "ip_queue_xmit" : "inet6_csk_xmit"
    yield* kernel.call("tcp_write_xmit", [socket.sk], () =>
      kernel.call("__tcp_transmit_skb", [socket.sk, skb, 0, 0, 0], () =>
        kernel.call(queue, [socket.sk, skb, 0], () => loopback.transmit(socket, skb)),
      ),
    )
    freePacket(kernel, skb)
    give()
  }

  /** A segment comes in for a socket. */
  *receive(skb: KernelObject, socket: TcpSocket, body: () => Steps<unknown>): Steps<void> {
    const { kernel, loopback } = this.#system
    yield* loopback.receive(skb, socket, function* () {
      yield* kernel.call(`tcp_v${socket.version}_do_rcv`, [socket.sk, skb], body, 150)
    })
  }
}
