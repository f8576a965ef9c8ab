import { assemble, helperId, type Insn } from "../../../src/isa/index.ts"
import type { Random } from "../../support/random.ts"

/** Bytes of the stack that helpers read and write, below the frame pointer. */
const SCRATCH = 64

/** Numbers that find the ends of ranges. */
function size(random: Random, most: number): number {
  return random.pick([0, 1, 2, 4, 14, 20, 34, 40, random.below(64), random.below(most), random.below(most)])
}

const offset = (random: Random): number =>
  random.pick([
    0,
    12,
    14,
    24,
    34,
    40,
    50,
    random.below(80),
    random.below(80),
    random.below(2000),
    random.below(14_000),
    0xffff,
    0x10000,
    -1,
  ])

const word = (random: Random): number =>
  random.pick([0, 1, 0xffff, -1, random.below(65536), random.below(2 ** 32) | 0, random.below(2 ** 32) | 0])

const even = (random: Random): number => random.pick([24, 36, 40, 50, 54, 60, 2 * random.below(50), random.below(100)])

/** Arguments behind the context: numbers, or "stack" for the address of bytes on the stack. */
type Argument = number | bigint | "stack"
type Maker = (random: Random) => readonly Argument[]

const bits = (random: Random, flags: readonly (number | bigint)[]): bigint =>
  flags.reduce<bigint>((all, flag) => (random.chance(0.35) ? all | BigInt(flag) : all), 0n)

const lengths = [1, 2, 4, 6, 8, 14, 20, 33, 64]

/** Helpers and what they are called with. */
const SKB: Readonly<Record<string, Maker>> = {
  skb_store_bytes: r => [offset(r), "stack", r.pick(lengths), bits(r, [1, 1, 2, r.chance(0.05) ? 4 : 0])],
  skb_load_bytes: r => [offset(r), "stack", r.pick(lengths)],
  skb_load_bytes_relative: r => [offset(r), "stack", r.pick(lengths), r.pick([0, 1, 1, 2])],
  skb_pull_data: r => [size(r, 300)],
  l3_csum_replace: r => [even(r), r.chance(0.3) ? 0 : word(r), word(r), r.pick([0, 2, 4, 4, 3, 16])],
  l4_csum_replace: r => [
    even(r),
    r.chance(0.3) ? 0 : word(r),
    word(r),
    BigInt(r.pick([0, 2, 4, 4, 1])) | bits(r, [16, 32, 64, 128]),
  ],
  csum_update: r => [word(r)],
  csum_level: r => [r.below(5)],
  skb_vlan_push: r => [r.pick([0x0081, 0xa888, 0, 0x8100]), word(r)],
  skb_vlan_pop: () => [],
  skb_change_proto: r => [r.pick([0x0008, 0xdd86, 0x0081]), r.chance(0.05) ? 1 : 0],
  skb_change_type: r => [r.below(6)],
  skb_change_tail: r => [r.pick([size(r, 300), size(r, 20000)]), r.chance(0.05) ? 1 : 0],
  skb_change_head: r => [r.pick([size(r, 100), size(r, 20000)]), r.chance(0.05) ? 1 : 0],
  skb_adjust_room: r => [
    r.pick([20, 24, 28, 40, -20, -8, 0, r.below(200) - 100, r.below(10000) - 5000]),
    r.pick([0, 1, 1, 2]),
    bits(r, [1, 2, 4, 8, 16, 32, r.chance(0.2) ? 64 : 0, r.chance(0.3) ? 128 : 0, r.chance(0.3) ? 256 : 0]) |
      (r.chance(0.2) ? BigInt(r.pick([14, 18, 3])) << 56n : 0n),
  ],
  set_hash: r => [word(r)],
  set_hash_invalid: () => [],
  skb_set_tstamp: r => [word(r), r.below(4)],
  skb_ecn_set_ce: () => [],
  get_route_realm: () => [],
  skb_set_tunnel_key: r => ["stack", r.pick([44, 44, 28, 24, 22, 8, 20]), bits(r, [1, 2, 4, 8, 16])],
  skb_get_tunnel_key: r => ["stack", r.pick([44, 44, 28, 24, 22, 8, 20]), bits(r, [1, 16])],
  skb_set_tunnel_opt: r => ["stack", r.pick([4, 8, 40, 6])],
  skb_get_tunnel_opt: r => ["stack", r.pick([4, 8, 40, 6])],
  check_mtu: r => [r.pick([0, 1, 77]), "stack", r.below(200000) - 100000, r.chance(0.2) ? 1 : 0],
}

const XDP: Readonly<Record<string, Maker>> = {
  xdp_get_buff_len: () => [],
  xdp_adjust_head: r => [r.pick([-14, 14, 4, -4, r.below(400) - 200, r.below(1000) - 500])],
  xdp_adjust_tail: r => [r.pick([-14, 14, 4, -4, r.below(400) - 200, r.below(8000) - 4000])],
  xdp_adjust_meta: r => [r.pick([-4, -8, -32, 4, 0, r.below(600) - 300, -4 * r.below(80)])],
  xdp_load_bytes: r => [offset(r), "stack", r.pick(lengths)],
  xdp_store_bytes: r => [offset(r), "stack", r.pick(lengths)],
  check_mtu: r => [r.pick([0, 1, 77]), "stack", r.below(200000) - 100000, r.chance(0.2) ? 1 : 0],
}

/** Fields of a context that every program reads at the end: what helpers changed shows there. */
const SKB_FIELDS = [0, 4, 16, 20, 24, 28, 68]

/** The text of a program that calls some helpers at random and returns a digest of all that they gave. */
export function randomText(random: Random, kind: "skb" | "xdp"): string {
  const table = kind === "skb" ? SKB : XDP
  const lines = ["r6 = r1", `r7 = ${random.below(2 ** 31)}`]
  for (let at = 8; at <= SCRATCH; at += 8) {
    lines.push(`r1 = ${random.chance(0.3) ? 0 : BigInt.asUintN(64, BigInt(random.below(2 ** 32)) * 0x100000007n)} ll`)
    lines.push(`*(u64 *)(r10 - ${at}) = r1`)
  }
  const mix = (register: string): void => void lines.push("r7 *= 31", `r7 += ${register}`)
  for (let count = 1 + random.below(6); count > 0; count--) {
    const name = random.pick(Object.keys(table))
    lines.push("r1 = r6", ...table[name](random).flatMap(argument), `call ${helperId(`bpf_${name}`)}`)
    mix("r0")
  }
  for (let at = 8; at <= SCRATCH; at += 8) {
    lines.push(`r1 = *(u64 *)(r10 - ${at})`)
    mix("r1")
  }
  if (kind === "skb") {
    for (const field of SKB_FIELDS) {
      lines.push(`r1 = *(u32 *)(r6 + ${field})`)
      mix("r1")
    }
  }
  return [...lines, "r0 = r7", "r0 >>= 32", "w0 ^= w7", "exit"].join("\n")
}

function argument(value: Argument, index: number): string[] {
  const register = `r${index + 2}`
  return value === "stack"
    ? [`${register} = r10`, `${register} += -${SCRATCH}`]
    : [`${register} = ${BigInt.asUintN(64, BigInt(value))} ll`]
}

export const randomInsns = (random: Random, kind: "skb" | "xdp"): Insn[] => assemble(randomText(random, kind))
