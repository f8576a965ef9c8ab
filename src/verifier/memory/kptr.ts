import * as o from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { EACCES } from "../refuse.ts"
import { Flag, Kind, pointerReg, type Reg, UNKNOWN } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import type { Access } from "./access.ts"
import { type MapField, mapFields } from "./mapFields.ts"

/** The pointer field of a map's value that an access is to, where it is one. */
export function kptrAt(reg: Reg, off: number): MapField | undefined {
  if (!isConstant(reg.scalar)) return undefined
  const at = off + Number(BigInt.asIntN(64, reg.scalar.bits.value))
  return mapFields(reg.map).find(field => field.isPointer && field.offset === at)
}

/** A load or store of a pointer that a map holds: what is stored is null, or what the field is declared to hold. */
export function accessKptr(env: Env, { write, value }: Access, field: MapField): Reg {
  const op = env.code.op[env.slot]
  const reg = value === undefined ? undefined : env.regs[value]
  if ((op & o.BPF_MODE_MASK) !== o.BPF_MEM) {
    env.refuse(EACCES, "kptr in map can only be accessed using BPF_MEM instruction mode")
  }
  if (!write) return loaded(env, field)
  if (field.name === "kptr") {
    const isNull = reg?.kind === Kind.scalar && isConstant(reg.scalar) && reg.scalar.bits.value === 0n
    if (value === undefined) {
      if (env.code.imm[env.slot] !== 0) env.refuse(EACCES, "BPF_ST imm must be 0 when storing to kptr at off=0")
    } else if (!isNull && reg?.kind !== Kind.btf)
      env.refuse(EACCES, `invalid kptr access, R${value} type=scalar expected=ptr_`)
  } else env.refuse(EACCES, "store to referenced kptr disallowed")
  return UNKNOWN
}

function loaded(env: Env, field: MapField): Reg {
  const { kernelBtf, maps } = env.input
  for (const map of maps?.values() ?? []) {
    if (map.btf === undefined || !mapFields(map).includes(field) || kernelBtf === undefined) continue
    const type = kernelBtf.find(map.btf.name(map.btf.resolve(field.target)), "struct", "union")
    if (type === 0) break
    return pointerReg(Kind.btf, {
      flags: Flag.maybeNull | Flag.untrusted,
      id: env.newId(),
      ref: kernelBtf,
      aux: type,
    })
  }
  return UNKNOWN
}
