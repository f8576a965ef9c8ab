import type { Random } from "./random.ts"

/** Addresses and ports that the expressions of the tests ask for, so that packets are met by them. */
const HOSTS = [0x0a000001, 0x0a000002, 0x0a010203, 0xc0a80001, 0xe0000001, 0xffffffff, 0x01020304]
const PORTS = [22, 53, 80, 443, 5353, 6000, 6005, 60000]
const MACS = [
  [1, 2, 3, 4, 5, 6],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x33, 0x33, 0, 0, 0, 1],
  [2, 0, 0, 0, 0, 1],
]
const HOSTS6 = [
  "20010db8000000000000000000000001",
  "20010db8000000000000000000000002",
  "ff020000000000000000000000000001",
]

const u16 = (value: number): number[] => [(value >>> 8) & 255, value & 255]
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)]
const bytesOf = (hex: string): number[] => hex.match(/../g)!.map(part => Number.parseInt(part, 16))

/** Link types that packets are made for, by their number. */
export const PACKET_LINKS = [1, 12, 0, 108, 113, 276, 9] as const

/** A packet of a link type: real headers, some with a byte changed, some cut off. */
export function randomPacket(random: Random, link: number): Uint8Array {
  const { type, bytes } = network(random)
  const packet = [...linkHeader(random, link, type, bytes.length), ...bytes]
  if (random.chance(0.3)) packet[random.below(Math.min(packet.length, 64))] = random.below(256)
  if (random.chance(0.2)) packet.length = random.below(packet.length + 1)
  return Uint8Array.from(packet)
}

function linkHeader(random: Random, link: number, type: number, length: number): number[] {
  switch (link) {
    case 1:
      return ethernet(random, type, length)
    case 0:
    case 108: {
      const family = type === 0x0800 ? 2 : type === 0x86dd ? 10 : random.below(32)
      return link === 0 ? [family, 0, 0, 0] : [0, 0, 0, family]
    }
    case 113:
      return [0, random.below(5), 0, 1, 0, 6, ...random.pick(MACS), 0, 0, ...u16(random.chance(0.1) ? 4 : type)]
    case 276:
      return [...u16(type), 0, 0, 0, 0, 0, random.below(4), 0, 1, random.below(5), 6, ...random.pick(MACS), 0, 0]
    case 9:
      return [0xff, 3, ...u16(pppType(type))]
    default:
      return []
  }
}

const pppType = (type: number): number => (type === 0x0800 ? 0x21 : type === 0x86dd ? 0x57 : type)

function ethernet(random: Random, type: number, length: number): number[] {
  const addresses = [...random.pick(MACS), ...random.pick(MACS)]
  switch (random.below(12)) {
    case 0:
      return [...addresses, ...u16(0x8100), ...u16(random.pick([5, 0x2005, 6])), ...u16(type)]
    case 1:
      return [...addresses, ...u16(0x88a8), ...u16(5), ...u16(0x8100), ...u16(6), ...u16(type)]
    case 2: {
      const last = [...u32((7 << 12) | 0x140)]
      return [...addresses, ...u16(0x8847), ...(random.chance(0.5) ? u32((9 << 12) | 0x40) : []), ...last]
    }
    case 3:
      return [
        ...addresses,
        ...u16(0x8864),
        0x11,
        0,
        ...u16(random.pick([3, 4])),
        ...u16(length + 2),
        ...u16(pppType(type)),
      ]
    case 4: {
      const llc = random.pick([
        [0xaa, 0xaa, 3, 0, 0, 0, ...u16(type)],
        [0xaa, 0xaa, 3, 8, 0, 7, 0x80, 0x9b],
        [0xaa, 0xaa, 3, 0, 0, 0, 0x80, 0xf3],
        [0x42, 0x42, 3],
        [0xe0, 0xe0, 3],
        [0xff, 0xff, 0],
        [0xfe, 0xfe, 3],
        [0xf0, 0xf0, 3],
      ])
      return [...addresses, ...u16(length + llc.length), ...llc]
    }
    default:
      return [...addresses, ...u16(type)]
  }
}

function network(random: Random): { readonly type: number; readonly bytes: number[] } {
  switch (random.below(10)) {
    case 0: {
      const host = (): number[] => u32(random.pick(HOSTS))
      const arp = [
        0,
        1,
        8,
        0,
        6,
        4,
        0,
        1 + random.below(2),
        ...random.pick(MACS),
        ...host(),
        ...random.pick(MACS),
        ...host(),
      ]
      return { type: random.chance(0.7) ? 0x0806 : 0x8035, bytes: arp }
    }
    case 1: {
      const type = random.pick([0x809b, 0x80f3, 0x6003, 0x8137, 0x9000, 0x8863, 0x8847])
      return { type, bytes: Array.from({ length: 40 }, () => random.below(256)) }
    }
    case 2:
    case 3:
    case 4:
      return { type: 0x86dd, bytes: ip6(random) }
    default:
      return { type: 0x0800, bytes: ip4(random) }
  }
}

function ip4(random: Random): number[] {
  const { protocol, bytes } = transport(random)
  const options = random.chance(0.2) ? Array.from({ length: 4 * random.below(4) }, () => 1) : []
  const size = 20 + options.length
  const fragment = random.chance(0.15) ? random.pick([0x2000, 0x2010, 0x0010]) : 0x4000
  const head = [0x40 | (size / 4), random.pick([0, 0x10]), ...u16(size + bytes.length), ...u16(random.below(65536))]
  const tail = [...u16(fragment), random.pick([1, 5, 64]), protocol, ...u16(random.below(65536))]
  return [...head, ...tail, ...u32(random.pick(HOSTS)), ...u32(random.pick(HOSTS)), ...options, ...bytes]
}

function ip6(random: Random): number[] {
  const { protocol, bytes } = transport(random)
  const fragmented = random.chance(0.2)
  const payload = fragmented ? [protocol, 0, 0, 1, 0, 0, 0, 9, ...bytes] : bytes
  const head = [0x60, 0, 0, 0, ...u16(payload.length), fragmented ? 44 : protocol, 64]
  return [...head, ...bytesOf(random.pick(HOSTS6)), ...bytesOf(random.pick(HOSTS6)), ...payload]
}

function transport(random: Random): { readonly protocol: number; readonly bytes: number[] } {
  const protocol = random.pick([6, 6, 6, 17, 17, 132, 1, 58, 2, 50, 51, 103, 112, 9, 47])
  const ports = [...u16(random.pick(PORTS)), ...u16(random.pick(PORTS))]
  const data = Array.from({ length: random.below(40) }, () => random.below(256))
  switch (protocol) {
    case 6: {
      const flags = random.pick([2, 0x12, 0x10, 0x18, 1, 4])
      return { protocol, bytes: [...ports, ...u32(1), ...u32(random.below(9)), 0x50, flags, 1, 2, 0, 0, 0, 0, ...data] }
    }
    case 17:
      return { protocol, bytes: [...ports, ...u16(8 + data.length), 0, 0, ...data] }
    case 132:
      return { protocol, bytes: [...ports, ...u32(7), ...u32(0), ...data] }
    case 1:
    case 58:
      return { protocol, bytes: [random.pick([0, 3, 8, 128, 135]), 0, 0, 0, ...data] }
    default:
      return { protocol, bytes: data }
  }
}
