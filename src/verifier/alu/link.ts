import { BPF_ADD, BPF_SUB } from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { ADD_CONST, ADD_CONST32, ADD_CONST64, Kind, type Reg } from "../reg.ts"
import { fitsU32, isConstant } from "../scalar/index.ts"

/** Gives a number that is copied an id, so that what is found out of one holds for the other. */
export function withLink(env: Env, register: number): Reg {
  let reg = env.regs[register]
  if (reg.kind !== Kind.scalar) return reg
  if (reg.id & ADD_CONST) reg = reg.with({ id: 0, off: 0 })
  if (reg.id === 0 && !isConstant(reg.scalar)) reg = reg.withId(env.newId())
  env.regs[register] = reg
  return reg
}

const MAX_DISTANCE = 0x7fffffffn

/**
 * How a number that a constant was added to or taken from is linked to those that it was copied from; undefined where the kernel forgets the link.
 * Linux 6.11 remembers additions of 64 bits and of numbers without a sign; 6.18 (in a later one of its stable releases) numbers with one,
 * subtractions, and 32-bit operations on what fits into 32 bits.
 */
export function linkAfter(
  env: Env,
  operation: number,
  wide: boolean,
  { id, scalar }: Reg,
  by: bigint,
): { readonly id: number; readonly off: number } | undefined {
  // Distances do not add up.
  if (id & ADD_CONST || !env.atLeast(6, 11)) return undefined
  if (!env.atLeast(6, 18)) {
    return operation === BPF_ADD && wide && by <= MAX_DISTANCE ? { id: id | ADD_CONST64, off: Number(by) } : undefined
  }
  if (!wide && !fitsU32(scalar)) return undefined
  const distance = distanceBy(operation, BigInt.asIntN(wide ? 64 : 32, by))
  return distance === undefined ? undefined : { id: id | (wide ? ADD_CONST64 : ADD_CONST32), off: distance }
}

/** What is added, as a signed number of 32 bits. */
function distanceBy(operation: number, by: bigint): number | undefined {
  if (by < -MAX_DISTANCE - 1n || by > MAX_DISTANCE) return undefined
  if (operation === BPF_ADD) return Number(by)
  // The negative of the smallest 32-bit number is none.
  return operation === BPF_SUB && by >= -MAX_DISTANCE ? -Number(by) : undefined
}
