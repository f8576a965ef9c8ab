import type { Span } from "../../base/index.ts"
import * as c from "../../c/index.ts"
import * as b from "../ast/build.ts"
import type { Current, Env } from "./env.ts"

/** Marks records that describe a packet, and not memory: `BPF_PACKET_HEADER`. */
const PACKET_ATTRIBUTE = "bpf_packet"

/** Functions of the dialect that read a packet. */
export const PACKET_FUNCTIONS: Readonly<Record<string, string>> = {
  load_byte: "u64 load_byte(void *skb, u64 offset);",
  load_half: "u64 load_half(void *skb, u64 offset);",
  load_word: "u64 load_word(void *skb, u64 offset);",
}

/**
 * A member of a packet's header. The pointer to the header is no address but an offset into the packet, and members are in network order: bits
 * count from the highest bit of the first byte.
 *
 *     ip->nextp        →  (u8)load_byte(skb, (u64)ip + 9)
 *     ip->df           →  (u16)(load_byte(skb, (u64)ip + 6) >> 6 & 1)
 *     ip->dst = v      →  ({ u32 _new = bswap(v); bpf_skb_store_bytes(skb, (u64)ip + 16, &_new, 4, 0); v; })
 *
 * The packet is a parameter of the function.
 */
export function packetMember(e: c.Expr): PacketMember | undefined {
  const size = e.kind === "member" && e.field.bitWidth !== undefined ? e.field.bitWidth : (c.sizeOf(e.type) ?? 0) * 8
  if (size === 0 || size > 64 || c.integerOf(e.type) === undefined) return undefined
  let at = 0
  const indices: PacketMember["indices"][number][] = []
  for (let inner = e; ; ) {
    if (inner.kind === "member") {
      at += inner.field.offset * 8 + (inner.field.bitOffset ?? 0)
      if (!inner.arrow) {
        inner = inner.base
        continue
      }
      return isPacketHeader(inner.field.record)
        ? { base: inner.base, at, size, indices, type: e.type, span: e.span }
        : undefined
    }
    // An element of an array in the header.
    if (inner.kind !== "index" || inner.base.kind !== "cast" || inner.base.cast !== "decay") return undefined
    const index = c.evaluate(inner.index)
    const scale = c.sizeOf(inner.type) ?? 0
    if (index !== undefined) at += Number(index) * scale * 8
    else indices.push({ index: inner.index, scale })
    inner = inner.base.operand
  }
}

/** A place in a header that a pointer leads to. */
export interface PacketMember {
  readonly base: c.Expr
  /** Bits from the header's first one. */
  readonly at: number
  readonly size: number
  /** Bytes that are known when the program runs: each index times its scale. */
  readonly indices: readonly { readonly index: c.Expr; readonly scale: number }[]
  readonly type: c.Type
  readonly span: Span
}

function isPacketHeader(record: c.RecordDecl): boolean {
  return record.attrs.some(
    attr => attr.name === PACKET_ATTRIBUTE || (attr.name === "deprecated" && attr.args[0] === "packet"),
  )
}

/** Where a member lies: from the first byte, `width` bytes that hold it, and `shift` bits behind it in them. */
interface Bits {
  readonly first: number
  readonly width: number
  readonly size: number
  readonly shift: number
}

function bitsOf({ at, size }: PacketMember): Bits {
  const skip = at % 8
  const width = Math.ceil((skip + size) / 8)
  return { first: Math.floor(at / 8), width, size, shift: width * 8 - skip - size }
}

/** The value of a member. The expressions in it are rewritten. */
export function readPacket(env: Env, current: Current, e: PacketMember, type: c.Type): c.Expr {
  const packet = packetOf(env, current, e.span)
  if (packet === undefined) return b.int(0, c.INT, e.span)
  const bits = bitsOf(e)
  return b.cast(extract(env, packet, offsetOf(e, bits.first), bits, e.span), type, true)
}

/** Stores in a member what `value` makes, perhaps from the value so far, both of the member's type. The result is the new value. */
export function writePacket(env: Env, current: Current, e: PacketMember, value: (old: () => c.Expr) => c.Expr): c.Expr {
  const { span } = e
  const packet = packetOf(env, current, span)
  if (packet === undefined) return b.int(0, c.INT, span)
  const type = c.unqualified(e.type)
  const bits = bitsOf(e)
  const at = b.variable("_at", c.ULLONG, span, offsetOf(e, bits.first))
  const place = b.value(at, span)
  const old = () => b.cast(extract(env, packet, place, bits, span), type, true)
  const fresh = b.variable("_value", type, span, b.cast(value(old), type, true))
  let all = shiftLeft(b.cast(b.value(fresh, span), c.ULLONG), bits.shift, span)
  if (bits.size !== bits.width * 8) {
    const ones = ((1n << BigInt(bits.size)) - 1n) << BigInt(bits.shift)
    const kept = and(readBytes(env, packet, place, bits.width, span), ~ones, span)
    all = b.binary("|", kept, and(all, ones, span), c.ULLONG, span)
  }
  const bytes = b.variable("_bytes", c.ULLONG, span, networkOrder(all, bits.width, span))
  const address = b.addressOf(b.ref(bytes, span), span)
  const store = env.names.helper("bpf_skb_store_bytes")
  const width = b.int(bits.width, c.UINT, span)
  const call = b.call(store, [packet, place, address, width, b.int(0, c.ULLONG, span)], span)
  const body = [
    b.declStmt(at),
    b.declStmt(fresh),
    b.declStmt(bytes),
    b.exprStmt(call),
    b.exprStmt(b.value(fresh, span)),
  ]
  return b.stmtExpr(body, span)
}

function extract(env: Env, packet: c.Expr, at: c.Expr, { width, size, shift }: Bits, span: Span): c.Expr {
  const shifted = shiftRight(readBytes(env, packet, at, width, span), shift, span)
  return size === width * 8 ? shifted : and(shifted, (1n << BigInt(size)) - 1n, span)
}

function packetOf(env: Env, { fn }: Current, span: Span): c.Expr | undefined {
  const skb = packetParameter(fn)
  if (skb !== undefined) return b.value(skb, span)
  env.diagnostics.error(
    "BCC_PACKET",
    "members of packet headers need a function that has the packet as a parameter",
    span,
  )
  return undefined
}

/** The parameter that is the packet: one of its type, else the first pointer. */
export function packetParameter(fn: c.FunctionDecl): c.VarDecl | undefined {
  const pointees = fn.params.map(param => {
    const type = c.canonical(param.type)
    return type.kind === "pointer" ? type.to : undefined
  })
  const own = pointees.findIndex(type => type !== undefined && c.recordOf(type)?.tag === "__sk_buff")
  return own >= 0 ? fn.params[own] : pointees[0] === undefined ? undefined : fn.params[0]
}

function offsetOf({ base, indices, span }: PacketMember, first: number): c.Expr {
  let offset = add(b.cast(base, c.ULLONG), first, span)
  for (const { index, scale } of indices) {
    const bytes = b.binary("*", b.cast(index, c.ULLONG), b.int(scale, c.ULLONG, span), c.ULLONG, span)
    offset = b.binary("+", offset, bytes, c.ULLONG, span)
  }
  return offset
}

const add = (e: c.Expr, n: number, span: Span): c.Expr =>
  n === 0 ? e : b.binary("+", e, b.int(n, c.ULLONG, span), c.ULLONG, span)

const and = (e: c.Expr, bits: bigint, span: Span): c.Expr =>
  b.binary("&", e, b.int(BigInt.asUintN(64, bits), c.ULLONG, span), c.ULLONG, span)

const shiftRight = (e: c.Expr, n: number, span: Span): c.Expr =>
  n === 0 ? e : b.binary(">>", e, b.int(n, c.INT, span), c.ULLONG, span)

const shiftLeft = (e: c.Expr, n: number, span: Span): c.Expr =>
  n === 0 ? e : b.binary("<<", e, b.int(n, c.INT, span), c.ULLONG, span)

/** The bytes of a packet as one number, the first the highest. */
function readBytes(env: Env, packet: c.Expr, at: c.Expr, width: number, span: Span): c.Expr {
  const load = (bytes: 1 | 2 | 4, from: number): c.Expr => {
    const fn = env.names.func(bytes === 1 ? "load_byte" : bytes === 2 ? "load_half" : "load_word") as c.FunctionDecl
    return b.call(fn, [packet, add(at, from, span)], span)
  }
  if (width <= 2) return load(width as 1 | 2, 0)
  if (width === 3) return shiftOr(load(2, 0), load(1, 2), 8, span)
  if (width === 4) return load(4, 0)
  const rest = width - 4
  const low = rest === 3 ? shiftOr(load(2, 4), load(1, 6), 8, span) : load(rest as 1 | 2 | 4, 4)
  return shiftOr(load(4, 0), low, rest * 8, span)
}

function shiftOr(high: c.Expr, low: c.Expr, by: number, span: Span): c.Expr {
  return b.binary("|", shiftLeft(high, by, span), low, c.ULLONG, span)
}

/** A number whose first `width` bytes in memory are those of `e`, the highest first. */
function networkOrder(e: c.Expr, width: number, span: Span): c.Expr {
  return b.byteSwap(64, shiftLeft(e, 64 - width * 8, span), span)
}
