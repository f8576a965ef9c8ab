import { Kind, type Reg } from "../reg.ts"
import { type SpecialField, specialFields } from "./record.ts"

const NONE: readonly SpecialField[] = []

/** The special fields of what a register points to: a map's value, or an object that the program allocated. */
export function recordOf(reg: Reg): readonly SpecialField[] {
  if (reg.kind === Kind.mapValue) return specialFields(reg.map.btf, reg.map.valueType ?? 0)
  if (reg.kind === Kind.btf) return specialFields(reg.btf, reg.aux)
  return NONE
}
