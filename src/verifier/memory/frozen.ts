import { type Reg, scalarReg } from "../reg.ts"
import { constant, isConstant } from "../scalar/index.ts"

/** The value that a load from a map gives which can never change: a number that is known. */
export function readFrozen(reg: Reg, off: number, size: number, signed: boolean): Reg | undefined {
  const { frozen } = reg.map
  if (frozen === undefined || !isConstant(reg.scalar)) return undefined
  const at = off + Number(BigInt.asIntN(64, reg.scalar.bits.value))
  if (at < 0 || at + size > frozen.length) return undefined
  let value = 0n
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(frozen[at + i])
  return scalarReg(constant(signed ? BigInt.asIntN(size * 8, value) : value))
}
