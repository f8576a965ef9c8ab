import type { Reg } from "../reg.ts"

const S64_MIN = -0x8000_0000_0000_0000n
const S64_MAX = 0x7fff_ffff_ffff_ffffn

/** Why a number may be outside of a range; undefined where it cannot. `narrow` looks at its low 32 bits alone. */
export function rangeProblem(
  { scalar }: Reg,
  [least, greatest]: readonly [number, number],
  where: string,
  register: string,
  narrow = false,
): string | undefined {
  const inside = narrow
    ? scalar.s32min >= least && scalar.s32max <= greatest
    : scalar.smin >= BigInt(least) && scalar.smax <= BigInt(greatest)
  if (inside) return undefined
  let has = ""
  if (scalar.smin > S64_MIN) has += ` smin=${scalar.smin}`
  if (scalar.smax < S64_MAX) has += ` smax=${scalar.smax}`
  if (has === "") has = " unknown scalar value"
  return `${where} the register ${register} has${has} should have been in [${least}, ${greatest}]`
}
