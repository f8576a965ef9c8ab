/**
 * States of a TCP connection, by the kernel's numbers from 1 on. Source: include/net/tcp_states.h (BOUND_INACTIVE: Linux 6.8).
 */
export const tcpStates = [
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
  "NEW_SYN_RECV",
  "BOUND_INACTIVE",
] as const

/** A state of a TCP connection. */
export type TcpState = (typeof tcpStates)[number]

/** The name of a state of a TCP connection (`sk->sk_state`, `oldstate` of `sock:inet_sock_set_state`); the number as text where it has none. */
export function tcpStateName(state: number): TcpState | (string & {}) {
  return tcpStates[state - 1] ?? String(state)
}

/** Flags of a TCP header, from the lowest bit up. Source: include/net/tcp.h, `TCPHDR_…`. */
export const tcpFlags = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"] as const

/** A flag of a TCP header. */
export type TcpFlag = (typeof tcpFlags)[number]

/** The flags that are set in byte 13 of a TCP header (`TCP_SKB_CB(skb)->tcp_flags`), from the lowest bit up: `["SYN", "ACK"]` of 0x12. */
export function tcpFlagNames(flags: number): TcpFlag[] {
  return tcpFlags.filter((_, bit) => (flags >> bit) & 1)
}
