import type { Env } from "../env.ts"
import { mapRangeProblem } from "../memory/bounds.ts"
import { mapFields } from "../memory/mapFields.ts"
import { checkUnmoved } from "../memory/offset.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import type { Reg } from "../reg.ts"
import { exchangedKptr, takenKptr } from "../resources/kptr.ts"
import { isConstant } from "../scalar/index.ts"
import type { CallMeta } from "./meta.ts"

/** A text that can never change: it ends within the map's value. */
export function checkConstantString(env: Env, reg: Reg, register: number): void {
  const { map } = reg
  if ((map.flags & 0x80) === 0 || map.frozen === undefined) {
    env.refuse(EACCES, `R${register} does not point to a readonly map'`)
  }
  if (!isConstant(reg.scalar)) env.refuse(EACCES, `R${register} is not a constant address'`)
  const off = reg.off + Number(reg.scalar.bits.value)
  const why = mapRangeProblem(reg, register, reg.off, map.valueSize - off, "helper", false)
  if (why !== undefined) env.refuse(EACCES, why)
  if (!map.frozen?.subarray(off).includes(0)) env.refuse(EINVAL, "string is not zero-terminated")
}

/** Where a special field of a map's value must be pointed to exactly. */
function checkField(env: Env, reg: Reg, register: number, name: string): void {
  if (!isConstant(reg.scalar)) {
    env.refuse(EINVAL, `R${register} doesn't have constant offset. ${name} has to be at the constant offset`)
  }
  const { map } = reg
  if (map.btf === undefined) {
    env.refuse(EINVAL, `map '${map.name}' has to have BTF in order to use ${name}`)
  }
  const field = mapFields(map).find(f => f.name === name)
  if (field === undefined) {
    env.refuse(EINVAL, `map '${map.name}' has no valid ${name}`)
    return
  }
  const off = reg.off + Number(BigInt.asIntN(64, reg.scalar.bits.value))
  if (field.offset !== off)
    env.refuse(EINVAL, `off ${off} doesn't point to 'struct ${name}' that is at ${field.offset}`)
  checkUnmoved(env, reg.with({ off: 0 }), register, true)
}

/** A `struct bpf_timer` in a map's value. */
export function checkTimer(env: Env, meta: CallMeta, reg: Reg, register: number): void {
  checkField(env, reg, register, "bpf_timer")
  meta.map = reg.map
  meta.mapUid = reg.mapUid
}

/** A pointer field of a map's value: bpf_kptr_xchg gives what was in it. */
export function checkKptrField(env: Env, meta: CallMeta, register: number): void {
  meta.kptr = exchangedKptr(env, register)
  meta.result = takenKptr(env, meta.kptr)
}
