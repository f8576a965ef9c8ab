import { parseIpv4, parseIpv6, parseMac } from "../../packets/index.ts"

/** What becomes of packets that a route is for. Source: RTN_ values of include/uapi/linux/rtnetlink.h. */
export type RouteType = "unicast" | "local" | "blackhole" | "unreachable" | "prohibit"

/** A route as it is told. */
export interface RouteOptions {
  /** `10.0.0.0/8`, `fd00::/64`, or `default`, which is 0.0.0.0/0. */
  readonly to: string
  /** Number of the device that packets leave by. */
  readonly device: number
  /** The next router's address, of IPv4 or IPv6. */
  readonly via?: string
  /** `unicast` without it. */
  readonly type?: RouteType
  /** The smaller one is taken; 0 without it. */
  readonly metric?: number
  /** Number of the table; the main one, 254, without it. */
  readonly table?: number
  /** The address that packets of this computer get. */
  readonly source?: string
  /** Bytes of a packet at most, of a route that locks it; the device's without it. */
  readonly mtu?: number
}

/** A route, its addresses as bytes: 4 for IPv4, 16 for IPv6. */
export interface Route {
  readonly prefix: Uint8Array
  /** Bits of the prefix that count. */
  readonly bits: number
  readonly device: number
  readonly gateway?: Uint8Array
  readonly type: RouteType
  readonly metric: number
  readonly table: number
  readonly source?: Uint8Array
  readonly mtu?: number
}

/** The table that routes are in when nothing else is said. Source: RT_TABLE_MAIN. */
export const MAIN_TABLE = 254

/** An address of IPv4 or IPv6 as bytes. */
export const parseAddress = (text: string): Uint8Array => (text.includes(":") ? parseIpv6(text) : parseIpv4(text))

/**
 * A route of what was told.
 * @throws SkepError PACKETS_ADDRESS
 */
export function makeRoute(options: RouteOptions): Route {
  const { to, via, source } = options
  const [address, length] = (to === "default" ? "0.0.0.0/0" : to).split("/")
  const prefix = parseAddress(address)
  return {
    prefix,
    bits: length === undefined ? prefix.length * 8 : Math.min(Number(length) || 0, prefix.length * 8),
    device: options.device,
    gateway: via === undefined ? undefined : parseAddress(via),
    type: options.type ?? "unicast",
    metric: options.metric ?? 0,
    table: options.table ?? MAIN_TABLE,
    source: source === undefined ? undefined : parseAddress(source),
    mtu: options.mtu,
  }
}

/** Whether an address is in a route's prefix. */
function covers({ prefix, bits }: Route, address: Uint8Array): boolean {
  if (prefix.length !== address.length) return false
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) if (prefix[i] !== address[i]) return false
  const rest = bits & 7
  return rest === 0 || (prefix[whole] ^ address[whole]) >> (8 - rest) === 0
}

/** The route with the longest prefix and of those the smallest metric; only routes by a device where `device` is one. */
export function findRoute(
  routes: readonly Route[],
  address: Uint8Array,
  { table, device }: { table?: number; device?: number },
): Route | undefined {
  let best: Route | undefined
  for (const route of routes) {
    if (!covers(route, address) || (table !== undefined && route.table !== table)) continue
    if (device !== undefined && route.device !== device) continue
    if (best === undefined || route.bits > best.bits || (route.bits === best.bits && route.metric < best.metric)) {
      best = route
    }
  }
  return best
}

/** Who has an address on a device. */
export interface NeighbourOptions {
  readonly device: number
  readonly address: string
  /** Hardware address. */
  readonly mac: string
}

export interface Neighbour {
  readonly device: number
  readonly address: Uint8Array
  readonly mac: Uint8Array
}

/** @throws SkepError PACKETS_ADDRESS */
export const makeNeighbour = ({ device, address, mac }: NeighbourOptions): Neighbour => ({
  device,
  address: parseAddress(address),
  mac: parseMac(mac),
})

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])
