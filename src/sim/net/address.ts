/** Version of IP. */
export type IpVersion = 4 | 6

/** An end of a connection, or of a datagram's way. */
export interface Endpoint {
  readonly version: IpVersion
  /** 4 or 16 bytes, in network order. */
  readonly address: Uint8Array
  /** In the order of this computer. */
  readonly port: number
}

/** `AF_INET`, `AF_INET6`. */
export const FAMILIES: Readonly<Record<IpVersion, number>> = { 4: 2, 6: 10 }

const LOOPBACK: Readonly<Record<IpVersion, Uint8Array>> = {
  4: Uint8Array.of(127, 0, 0, 1),
  6: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
}

/** A port of this computer: `127.0.0.1`, `::1`. */
export const local = (version: IpVersion, port: number): Endpoint => ({ version, address: LOOPBACK[version], port })

/** No address: what a socket has that is not bound. */
export const nowhere = (version: IpVersion): Endpoint => ({
  version,
  address: new Uint8Array(version === 4 ? 4 : 16),
  port: 0,
})

/** A port in network order, as a number of this computer. */
export const swapped = (port: number): number => ((port & 0xff) << 8) | (port >> 8)

/** `struct sockaddr_in` or `struct sockaddr_in6`. */
export function sockaddr({ version, address, port }: Endpoint): Uint8Array {
  const bytes = new Uint8Array(version === 4 ? 16 : 28)
  bytes.set([FAMILIES[version], 0, port >> 8, port & 0xff])
  bytes.set(address, version === 4 ? 4 : 8)
  return bytes
}

/** Both ends, as the tracepoints of TCP tell them: an IPv4 address as such and mapped (`::ffff:127.0.0.1`), an IPv6 one with 0.0.0.0 beside it. */
export function endFields(from: Endpoint, to: Endpoint) {
  return {
    sport: from.port,
    dport: to.port,
    family: FAMILIES[from.version],
    saddr: short(from),
    daddr: short(to),
    saddr_v6: long(from),
    daddr_v6: long(to),
  }
}

const short = ({ version, address }: Endpoint): Uint8Array => (version === 4 ? address : new Uint8Array(4))

function long({ version, address }: Endpoint): Uint8Array {
  return version === 6 ? address : Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...address)
}
