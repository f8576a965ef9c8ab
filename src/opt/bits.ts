import { bitsOf, type Value } from "../ir/index.ts"

const ALL32 = (1n << 32n) - 1n
const ALL64 = (1n << 64n) - 1n

/** All bits of a value's type. */
export const allOnes = (v: Value): bigint => (bitsOf(v.type) === 32 ? ALL32 : ALL64)

/**
 * A mask of the bits of a value that may be one. Looks a few definitions deep. Only what the kernel's verifier finds out too is used: a mask or a
 * comparison that bounds an index must stay where the verifier needs it, and it knows nothing of the results of divisions, byte swaps, packet
 * loads and shifts by an unknown count.
 */
export function possibleBits(v: Value, depth = 4): bigint {
  if (v.kind === "const") return v.value
  const all = allOnes(v)
  if (depth === 0) return all
  const sub = (i: number) => possibleBits((v as { args: Value[] }).args[i], depth - 1)
  if (v.kind === "phi") {
    let bits = 0n
    for (let i = 0; i < v.args.length && bits !== all; i++) if (v.args[i] !== v) bits |= sub(i)
    return bits
  }
  if (v.kind !== "inst") return all
  switch (v.op) {
    case "load":
      return v.signed || v.width >= 8 ? all : (1n << BigInt(v.width * 8)) - 1n
    case "cmp":
      return 1n
    case "zext":
      return sub(0)
    case "trunc":
      return sub(0) & ALL32
    case "and":
      return sub(0) & sub(1)
    case "or":
    case "xor":
      return sub(0) | sub(1)
    case "select":
      return sub(1) | sub(2)
    case "lshr": {
      const by = v.args[1]
      return by.kind === "const" ? sub(0) >> (by.value & BigInt(bitsOf(v.type) - 1)) : all
    }
    case "shl": {
      const by = v.args[1]
      return by.kind === "const" ? (sub(0) << (by.value & BigInt(bitsOf(v.type) - 1))) & all : all
    }
    case "add": {
      const sum = below(sub(0)) + below(sub(1))
      return sum > all ? all : below(sum)
    }
    default:
      return all
  }
}

/** The smallest mask of low bits that covers a number. */
const below = (n: bigint): bigint => (n === 0n ? 0n : (1n << BigInt(n.toString(2).length)) - 1n)
