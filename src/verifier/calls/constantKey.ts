import type { Env } from "../env.ts"
import type { VerifierMap } from "../input.ts"
import { markPreciseSlot } from "../prune/precision.ts"
import { Kind, type Reg } from "../reg.ts"
import { constantOf, isConstant } from "../scalar/index.ts"
import { Byte, byteOf } from "../state.ts"

const ARRAYS = new Set(["array", "percpu_array"])

/** The index of an array's element where it is a constant on the stack (kernel 6.15): such a lookup cannot fail. */
export function constantKey(env: Env, reg: Reg, map: VerifierMap): number | undefined {
  if (!env.atLeast(6, 15) || !env.privileged || !ARRAYS.has(map.type)) return undefined
  if (reg.kind !== Kind.stack || !isConstant(reg.scalar) || map.keySize !== 4) return undefined
  const off = reg.off + Number(BigInt.asIntN(64, reg.scalar.bits.value))
  const frame = env.state.frames[reg.aux]
  const index = (-off - 1) >> 3
  const slot = frame.stack[index]
  let zeros = 0
  for (let i = 0; i < 4; i++) {
    const byte = -(off + i) - 1
    if (byteOf(frame.stack[byte >> 3].types, byte & 7) === Byte.zero) zeros++
  }
  if (zeros === 4) return 0
  // The key has to be the low part of what was spilled, with nothing else below it.
  if (!slot.isSpill || off % 8 !== 0 || byteOf(slot.types, 3) === Byte.spill) return undefined
  if (slot.reg.kind !== Kind.scalar) return undefined
  const value = constantOf(slot.reg.scalar)
  if (value === undefined) return undefined
  markPreciseSlot(env, frame.number, index)
  return Number(value & 0xffff_ffffn)
}
