import type { Btf } from "../../btf/index.ts"
import * as o from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { fieldAt, recordOf, type SpecialField } from "../fields/index.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Flag, Kind, pointerReg, type Reg, typeName, UNKNOWN } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import { inReadSection } from "../typed/trust.ts"
import { type StructId, structMatches } from "../types/index.ts"

/** The pointer field that lies at an offset of a map's value or an object. */
export interface KptrField {
  readonly field: SpecialField
  /** The structure that it leads to: one of the kernel's, or of the program's own. */
  readonly target: StructId
}

/** Structures of the kernel that are freed under RCU (`rcu_protected_types`). */
const FREED_UNDER_RCU = new Set(["prog_test_ref_kfunc", "cgroup", "bpf_cpumask", "task_struct", "bpf_crypto_ctx"])

/** The types that a register's field is described in. */
const typesOf = (reg: Reg): Btf | undefined => (reg.kind === Kind.mapValue ? reg.map.btf : reg.btf)

/** Where a pointer field leads to: the kernel's structure of that name, else the program's own. */
function targetOf(env: Env, reg: Reg, field: SpecialField): StructId {
  const own = typesOf(reg)!
  const type = own.type(field.target)
  const kernelBtf = env.input.kernelBtf
  const known = type.kind === "struct" || type.kind === "union" ? (kernelBtf?.find(type.name, type.kind) ?? 0) : 0
  return known === 0 || kernelBtf === undefined ? { btf: own, id: field.target } : { btf: kernelBtf, id: known }
}

const POINTERS = new Set(["kptr_untrusted", "kptr", "percpu_kptr", "uptr"])

/** The pointer field that an access of a map's value is to; undefined for plain bytes. */
export function kptrAt(env: Env, reg: Reg, off: number): KptrField | undefined {
  if (!isConstant(reg.scalar)) return undefined
  const at = off + Number(BigInt.asIntN(64, reg.scalar.bits.value))
  const field = fieldAt(recordOf(reg), at)
  return field !== undefined && POINTERS.has(field.kind) ? { field, target: targetOf(env, reg, field) } : undefined
}

const isKernels = (env: Env, { btf }: StructId): boolean => btf !== env.input.btf

/** What a load of such a field gives. Source: `btf_ld_kptr_type`, Linux 6.1 to 6.18. */
function loadedKptr(env: Env, { field, target }: KptrField): Reg {
  let flags = Flag.maybeNull as number
  const kernels = isKernels(env, target)
  const isSafe =
    field.kind === "percpu_kptr" ||
    (field.kind === "kptr" && (!kernels || FREED_UNDER_RCU.has(target.btf.name(target.id))))
  if (env.atLeast(6, 4) && isSafe && inReadSection(env)) {
    flags |= Flag.rcu
    if (field.kind === "percpu_kptr") flags |= Flag.percpu
    else if (!kernels) flags |= Flag.alloc
  } else flags |= Flag.untrusted
  return pointerReg(Kind.btf, { flags, id: env.newId(), ref: target.btf, aux: target.id })
}

/** Whether a register may go into a pointer field; refuses it otherwise. Source: `map_kptr_match_type`, Linux 6.1 to 6.18. */
export function checkKptrValue(env: Env, kptr: KptrField, register: number): void {
  const { field, target } = kptr
  const reg = env.regs[register]
  const isTyped = reg.kind === Kind.btf
  const untrusted = field.kind === "kptr_untrusted"
  let allowed = Flag.maybeNull as number
  if (isTyped && reg.btf !== env.input.btf) {
    allowed |= Flag.trusted | Flag.rcu | (untrusted ? Flag.untrusted : 0)
  } else allowed |= Flag.alloc | (field.kind === "percpu_kptr" ? Flag.percpu : 0)
  const fits =
    isTyped &&
    (reg.flags & ~allowed) === 0 &&
    structMatches({ btf: reg.btf, id: reg.aux }, reg.off, target, !untrusted, env.version)
  if (fits) return
  const name = isTyped ? reg.btf.name(reg.aux) : ""
  const wanted = target.btf.name(target.id)
  const or = untrusted ? ` or ${typeName(Kind.btf, Flag.untrusted)}${wanted}` : ""
  const found = `${typeName(reg.kind, reg.flags)}${name}`
  env.refuse(EACCES, `invalid kptr access, R${register} type=${found} expected=${typeName(Kind.btf, 0)}${wanted}${or}`)
}

/** A load or store of a pointer that a map holds. `value` is the register that is loaded or stored. */
export function accessKptr(env: Env, kptr: KptrField, write: boolean, value: number | undefined): Reg {
  const { field } = kptr
  if ((env.code.op[env.slot] & o.BPF_MODE_MASK) !== o.BPF_MEM) {
    env.refuse(EACCES, "kptr in map can only be accessed using BPF_MEM instruction mode")
  }
  if (!write) return loadedKptr(env, kptr)
  if (field.kind === "kptr" || field.kind === "percpu_kptr") {
    env.refuse(EACCES, "store to referenced kptr disallowed")
  }
  if (field.kind === "uptr") env.refuse(EACCES, "store to uptr disallowed")
  if (value === undefined) {
    if (env.code.imm[env.slot] !== 0) {
      env.refuse(EACCES, `BPF_ST imm must be 0 when storing to kptr at off=${field.offset}`)
    }
    return UNKNOWN
  }
  const reg = env.regs[value]
  const isNull = reg.kind === Kind.scalar && isConstant(reg.scalar) && reg.scalar.bits.value === 0n
  if (!isNull) checkKptrValue(env, kptr, value)
  return UNKNOWN
}

/** The field that bpf_kptr_xchg puts a pointer into. Source: `process_kptr_func`, Linux 6.1 to 6.18. */
export function exchangedKptr(env: Env, register: number): KptrField {
  const reg = env.regs[register]
  const isMap = reg.kind === Kind.mapValue
  if (!isConstant(reg.scalar)) {
    env.refuse(EINVAL, `R${register} doesn't have constant offset. kptr has to be at the constant offset`)
  }
  if (isMap && reg.map.btf === undefined) {
    env.refuse(EINVAL, `map '${reg.map.name}' has to have BTF in order to use bpf_kptr_xchg`)
  }
  if (!recordOf(reg).some(({ kind }) => POINTERS.has(kind))) {
    env.refuse(EINVAL, isMap ? `map '${reg.map.name}' has no valid kptr` : "R1 has no valid kptr")
  }
  const off = reg.off + Number(reg.scalar.bits.value)
  const kptr = kptrAt(env, reg, reg.off)
  if (kptr === undefined) return env.refuse(EACCES, `off=${off} doesn't point to kptr`)
  if (kptr.field.kind !== "kptr" && kptr.field.kind !== "percpu_kptr") {
    env.refuse(EACCES, `off=${off} kptr isn't referenced kptr`)
  }
  return kptr
}

/** What bpf_kptr_xchg gives: the pointer that was in the field. The caller acquires the reference. */
export function takenKptr(env: Env, { field, target }: KptrField): Reg {
  let flags = Flag.maybeNull as number
  if (!isKernels(env, target)) flags |= Flag.alloc | (field.kind === "percpu_kptr" ? Flag.percpu : 0)
  return pointerReg(Kind.btf, { flags, ref: target.btf, aux: target.id })
}
