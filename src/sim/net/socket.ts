import type { KernelObject } from "../memory/object.ts"
import type { Task } from "../tasks/task.ts"

/** An address and a port, as numbers in the order of this computer. */
export interface Endpoint {
  /** IPv4 address. */
  readonly address: number
  readonly port: number
}

/** States of a connection. Source: include/net/tcp_states.h. */
export const TCP = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
} as const

/** A TCP socket. */
export class Socket {
  /** `struct tcp_sock`, which begins with `struct sock`. */
  readonly object: KernelObject
  /** `struct socket`. */
  readonly socket: KernelObject
  state: number = TCP.CLOSE
  local: Endpoint = { address: 0, port: 0 }
  remote: Endpoint = { address: 0, port: 0 }
  /** The other end, as all are on this computer. */
  peer: Socket | undefined
  /** Bytes that came and were not read. */
  pending = 0
  /** The other end sends nothing more. */
  ended = false
  /** Connections that wait to be accepted. */
  readonly backlog: Socket[] = []
  /** Tasks that wait for something to happen. */
  readonly waiters: Task[] = []

  constructor(object: KernelObject, socket: KernelObject) {
    this.object = object
    this.socket = socket
  }

  /** Sets members of `struct sock_common`. */
  common(members: Record<string, number | bigint | KernelObject>): void {
    const prefixed = Object.entries(members).map(([name, value]) => [`${COMMON}.${name}`, value])
    this.object.set(Object.fromEntries(prefixed))
  }
}

/** The way from `struct tcp_sock` to `struct inet_sock`, to `struct sock`, and to `struct sock_common`. */
export const INET = "inet_conn.icsk_inet"
export const SOCK = `${INET}.sk`
export const COMMON = `${SOCK}.__sk_common`
