import { leaks } from "../alu/check.ts"
import { isZero } from "../branch/condition.ts"
import type { Env } from "../env.ts"
import type { Argument } from "../helpers/index.ts"
import { checkAlignment } from "../memory/align.ts"
import { checkUnmoved } from "../memory/offset.ts"
import { mayPassPacket } from "../memory/packet.ts"
import { markPrecise } from "../prune/precision.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Flag, isPacket, Kind, mayBeNull, type Reg, typeName } from "../reg.ts"
import { checkKptrValue } from "../resources/kptr.ts"
import { useLock } from "../resources/locks.ts"
import { isConstant } from "../scalar/index.ts"
import { isStructure } from "../types/match.ts"
import { ACCEPTED } from "./accepted.ts"
import { constantKey } from "./constantKey.ts"
import { checkDynptr } from "./dynptr.ts"
import { checkHelperMemory, checkSize } from "./helperMemory.ts"
import type { CallMeta } from "./meta.ts"
import { checkConstantString, checkKptrField, checkTimer } from "./objects.ts"

/** One argument of a helper call: `index` counts from 0. */
export function checkArgument(env: Env, meta: CallMeta, index: number): void {
  const register = index + 1
  const argument = resolved(meta, meta.prototype.args[index])
  const reg = env.read(register)
  if (argument.kind === "any") {
    if (leaks(env, reg)) env.refuse(EACCES, `R${register} leaks addr into helper function`)
    return
  }
  if (isPacket(reg.kind) && !mayPassPacket(env, meta.prototype.packetAccess)) {
    env.refuse(EACCES, "helper access to the packet is not allowed")
  }
  if (!(isZero(reg) && argument.nullable)) {
    checkKind(env, meta, argument, register)
    checkOffset(env, argument, reg, register)
  }
  if (argument.release) {
    if (argument.kind !== "dynptr" && reg.refId === 0 && !isZero(reg)) {
      env.refuse(EINVAL, `R${register} must be referenced when passed to release function`)
    }
    meta.released = register
  }
  if (reg.refId !== 0 && argument.kind !== "kptr") {
    if (meta.refId !== 0) {
      env.refuse(EACCES, `more than one arg with ref_obj_id R${register} ${reg.refId} ${meta.refId}`)
    }
    meta.refId = reg.refId
  }
  checkValue(env, meta, argument, reg, index)
}

/** Values of maps of sockets are sockets. */
function resolved(meta: CallMeta, argument: Argument): Argument {
  const type = meta.map?.type
  const isSocket = argument.kind === "value" && (type === "sockmap" || type === "sockhash")
  return isSocket ? { ...argument, kind: "btf_sock" } : argument
}

/** The flags of a pointer that an argument does not ask for. */
function ignoredFlags(argument: Argument): number {
  const isMemory = argument.kind === "mem" || argument.kind === "key" || argument.kind === "value"
  const readOnly =
    argument.direction === "in" || argument.kind === "key" || (isMemory && argument.direction === undefined)
  return (argument.nullable ? Flag.maybeNull : 0) | (isMemory && readOnly ? Flag.readOnly : 0)
}

function checkKind(env: Env, meta: CallMeta, argument: Argument, register: number): void {
  const reg = env.regs[register]
  let flags = reg.flags & ~ignoredFlags(argument)
  if (meta.name === "bpf_kptr_xchg" && register === 2) flags &= ~(Flag.alloc | Flag.percpu)
  const accepted = ACCEPTED[argument.kind]
  if (!accepted.some(each => each.kind === reg.kind && each.flags === flags)) {
    const expected = accepted.map(each => typeName(each.kind, each.flags)).join(", ")
    env.refuse(EACCES, `R${register} type=${typeName(reg.kind, reg.flags)} expected=${expected}`)
  }
  if (reg.kind !== Kind.btf) return
  if (argument.kind === "mem" || argument.kind === "key" || argument.kind === "value") {
    if (ignoredFlags(argument) & Flag.readOnly) return
    const type = typeName(reg.kind, reg.flags)
    env.refuse(EACCES, `${meta.name}() may write into memory pointed by R${register} type=${type}`)
  }
  if (mayBeNull(reg) && (!argument.nullable || argument.release)) {
    env.refuse(EACCES, `Possibly NULL pointer passed to helper arg${register}`)
  }
  if (meta.kptr !== undefined) {
    checkKptrValue(env, meta.kptr, register)
    return
  }
  const wanted = argument.kind === "btf_sock" ? "sock_common" : argument.type
  if (wanted === "" || flags & (Flag.alloc | Flag.percpu)) return
  if (!isStructure(reg.btf, reg.aux, reg.off, wanted, argument.release && meta.name !== "bpf_sk_release")) {
    env.refuse(EACCES, `R${register} is of type ${reg.btf.name(reg.aux)} but ${wanted} is expected`)
  }
}

/** Where a pointer must point to the start of what it leads to. */
function checkOffset(env: Env, argument: Argument, reg: Reg, register: number): void {
  if (argument.release && !(argument.kind === "dynptr" && reg.kind === Kind.stack) && reg.off !== 0) {
    const why = "must have zero offset when passed to release func or trusted arg to kfunc"
    env.refuse(EINVAL, `R${register} ${why}`)
  }
  switch (reg.kind) {
    case Kind.stack:
    case Kind.packet:
    case Kind.packetMeta:
    case Kind.mapKey:
    case Kind.mapValue:
    case Kind.buf:
    case Kind.scalar:
      return
    case Kind.mem:
      if (argument.kind !== "record") return
      checkUnmoved(env, reg, register, false)
      return
    default:
      checkUnmoved(env, reg, register, reg.kind === Kind.btf)
  }
}

function checkValue(env: Env, meta: CallMeta, argument: Argument, reg: Reg, index: number): void {
  const register = index + 1
  const writes = argument.direction === "out" || argument.direction === "write"
  switch (argument.kind) {
    case "map":
      if (meta.map !== undefined && (meta.map !== reg.map || meta.mapUid !== reg.mapUid)) {
        const what = `map_uid=${meta.mapUid} doesn't match map pointer in R2 map_uid=${reg.mapUid}`
        env.refuse(EINVAL, `timer pointer in R1 ${what}`)
      }
      meta.map = reg.map
      meta.mapUid = reg.mapUid
      return
    case "key": {
      const { map } = meta
      if (map === undefined) {
        env.refuse(EACCES, "invalid map_ptr to access map->key")
        return
      }
      checkHelperMemory(env, register, map.keySize, { write: false, zero: false })
      meta.constantKey = constantKey(env, reg, map)
      return
    }
    case "value": {
      if (argument.nullable && isZero(reg)) return
      const { map } = meta
      if (map === undefined) {
        env.refuse(EACCES, "invalid map_ptr to access map->value")
        return
      }
      const fills = argument.direction === "out" ? meta : undefined
      checkHelperMemory(env, register, map.valueSize, { write: writes, zero: false, fills })
      return
    }
    case "mem":
      if (argument.bytes === 0) return
      checkHelperMemory(env, register, argument.bytes, {
        write: writes,
        zero: false,
        fills: argument.direction === "out" ? meta : undefined,
      })
      if (argument.aligned) checkAlignment(env, reg, 0, argument.bytes, true)
      return
    case "size":
      checkSize(env, meta, register, meta.prototype.args[index - 1], argument.zero)
      return
    case "const0":
      if (!isConstant(reg.scalar)) env.refuse(EACCES, `R${register} is not a known constant'`)
      meta.resultSize = Number(reg.scalar.bits.value)
      markPrecise(env, register)
      return
    case "callback":
      meta.callback = reg.aux
      return
    case "percpu":
      meta.percpu = reg
      return
    case "string":
      checkConstantString(env, reg, register)
      return
    case "timer":
      checkTimer(env, meta, reg, register)
      return
    case "spin_lock":
      useLock(env, register, { locks: meta.name === "bpf_spin_lock", resilient: false, irq: false })
      return
    case "kptr":
      checkKptrField(env, meta, register)
      return
    case "dynptr":
      checkDynptr(env, meta, argument, register)
      return
    default:
  }
}
