import { SkepError } from "../../base/index.ts"
import type { LoadedMap } from "../../machine/index.ts"
import type { UsdtArgument, UsdtLocation } from "../../symbols/index.ts"
import type { ProgramOwner } from "../program.ts"

/** The table in which libbpf's `bpf_usdt_arg` looks how an argument is read, by the number that the attachment has. */
const TABLE = "__bpf_usdt_specs"

/**
 * Layout of an entry. Source: libbpf 1.0 usdt.bpf.h; the index register's bits are of 1.6.
 *
 *     struct __bpf_usdt_spec { arg args[12]; u64 cookie @192; s16 count @200 }                      208 bytes
 *     arg { u64 value or offset; u32 kind | index register << 8 | scale << 20; s16 register @12; bool signed; s8 shift }   16 bytes
 */
const ARGUMENTS = 12
const ARGUMENT_SIZE = 16
const COOKIE_AT = ARGUMENTS * ARGUMENT_SIZE
const SIZE = COOKIE_AT + 16
const KINDS = { constant: 0, register: 1, memory: 2, indexed: 3 }

/** Numbers in use, by the object that has the table. */
const numbers = new WeakMap<ProgramOwner, Set<number>>()

/** Entries of the table, for as long as an attachment lasts. */
export interface UsdtSpecs {
  /** The number of an entry for places that are read alike. */
  add(location: UsdtLocation, cookie: bigint): bigint
  /** Frees them all. */
  free(): void
}

/** The entries for an attachment; undefined for a program that has no such table. */
export function usdtSpecs(owner: ProgramOwner, what: string): UsdtSpecs | undefined {
  const table = owner.maps.get(TABLE)
  if (table === undefined) return undefined
  const used = numbers.get(owner) ?? new Set()
  numbers.set(owner, used)
  const own: number[] = []
  return {
    add(location, cookie) {
      let number = 0
      while (used.has(number)) number++
      if (number >= table.maxEntries) throw full(table, what)
      used.add(number)
      own.push(number)
      table.update(
        new Uint8Array(Uint32Array.of(number).buffer),
        encodeSpec(location.arguments, cookie, table.valueSize),
      )
      return BigInt(number)
    },
    free() {
      for (const number of own.splice(0)) used.delete(number)
    },
  }
}

/** An entry's bytes. Arguments that no program can read have a kind that `bpf_usdt_arg` refuses. */
export function encodeSpec(args: readonly UsdtArgument[], cookie: bigint, size = SIZE): Uint8Array {
  const bytes = new Uint8Array(Math.max(size, SIZE))
  const view = new DataView(bytes.buffer)
  for (const [i, { place, size: bytesOf, signed }] of args.slice(0, ARGUMENTS).entries()) {
    const at = i * ARGUMENT_SIZE
    let kind = 0xff
    if (place.kind === "constant") {
      kind = KINDS.constant
      view.setBigUint64(at, BigInt.asUintN(64, place.value), true)
    } else if (place.kind === "register") {
      kind = KINDS.register
      view.setInt16(at + 12, place.register.offset + place.register.shift / 8, true)
    } else if (place.kind === "memory" && place.base !== undefined && place.symbol === undefined) {
      kind = KINDS.memory
      view.setBigUint64(at, BigInt.asUintN(64, place.offset), true)
      view.setInt16(at + 12, place.base.offset, true)
      if (place.index !== undefined) {
        kind = KINDS.indexed | (place.index.offset << 8) | (Math.log2(place.scale) << 20)
      }
    }
    view.setUint32(at + 8, kind, true)
    view.setUint8(at + 14, signed ? 1 : 0)
    view.setInt8(at + 15, 64 - bytesOf * 8)
  }
  view.setBigUint64(COOKIE_AT, BigInt.asUintN(64, cookie), true)
  view.setInt16(COOKIE_AT + 8, Math.min(args.length, ARGUMENTS), true)
  return bytes.subarray(0, size)
}

const full = (table: LoadedMap, what: string): SkepError =>
  new SkepError({
    code: "MACHINE_MAP_FULL",
    message: `${what}: the probe's places differ in how their arguments are read, and the program has room for ${table.maxEntries}`,
    hint: "write #define BPF_USDT_MAX_SPEC_CNT 1024 before including <bpf/usdt.bpf.h>",
  })
