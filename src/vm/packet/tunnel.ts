/** What a packet is to go through, or came through. */
export interface TunnelInfo {
  readonly ipv6: boolean
  readonly id: number
  readonly tos: number
  readonly ttl: number
  readonly label: number
  /** 16 bytes each, as in `struct bpf_tunnel_key`. */
  readonly source: Uint8Array
  readonly destination: Uint8Array
  flags: number
  options: Uint8Array
  /** Set by a program, which may give options then. */
  readonly own: boolean
}
