import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "../address.ts"

/** A part of a header: where it is, in bits from the header's beginning (the first bit is the first byte's highest), and how it is read and written. */
export interface Field<T = number | string> {
  readonly bit: number
  readonly bits: number
  /** `at` is where the header begins. */
  read(bytes: Uint8Array, at: number): T
  write(bytes: Uint8Array, at: number, value: T): void
  /** For people. */
  show(value: T): string
}

export type Fields = Readonly<Record<string, Field<never> | Field<number> | Field<string>>>

/** What fields hold, none of them needed. */
export type Values<F extends Fields> = { [K in keyof F]?: F[K] extends Field<infer T> ? T : never }

/** An unsigned number of up to 32 bits, in network order. */
export function number(bit: number, bits: number, show: (value: number) => string = String): Field<number> {
  return {
    bit,
    bits,
    show,
    read(bytes, at) {
      let value = 0
      for (let i = bit; i < bit + bits; ) {
        const take = Math.min(8 - (i % 8), bit + bits - i)
        const low = 8 - (i % 8) - take
        value = value * 2 ** take + ((bytes[at + (i >> 3)] >> low) & (2 ** take - 1))
        i += take
      }
      return value
    },
    write(bytes, at, value) {
      for (let i = bit + bits; i > bit; ) {
        const take = Math.min(i % 8 || 8, i - bit)
        const low = (8 - (i % 8)) % 8
        const mask = 2 ** take - 1
        const index = at + ((i - 1) >> 3)
        bytes[index] = (bytes[index] & ~(mask << low)) | ((value % 2 ** take) << low)
        value = Math.floor(value / 2 ** take)
        i -= take
      }
    },
  }
}

export const hex = (bit: number, bits: number): Field<number> =>
  number(bit, bits, value => `0x${value.toString(16).padStart(Math.ceil(bits / 4), "0")}`)

function address(
  bit: number,
  size: number,
  parse: (text: string) => Uint8Array,
  format: (bytes: Uint8Array, at: number) => string,
): Field<string> {
  return {
    bit,
    bits: size * 8,
    read: (bytes, at) => format(bytes, at + bit / 8),
    write: (bytes, at, value) => bytes.set(parse(value), at + bit / 8),
    show: value => value,
  }
}

export const mac = (bit: number): Field<string> => address(bit, 6, parseMac, formatMac)
export const ipv4Address = (bit: number): Field<string> => address(bit, 4, parseIpv4, formatIpv4)
export const ipv6Address = (bit: number): Field<string> => address(bit, 16, parseIpv6, formatIpv6)

/** The bytes given as `options`, padded with zeros to whole words. */
export function givenOptions({ options }: Readonly<Record<string, unknown>>): Uint8Array {
  const given = options instanceof Uint8Array ? options : new Uint8Array(0)
  const padded = new Uint8Array((given.length + 3) & ~3)
  padded.set(given)
  return padded
}
