import * as o from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { MAX_OFFSET, MAX_OFFSET_BIG } from "../limits.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Flag, isPacket, Kind, type Reg, typeName, UNKNOWN } from "../reg.ts"
import { isConstant, moveBy } from "../scalar/index.ts"
import { OPERATORS } from "./check.ts"
import { keepLimit, limitMove } from "./sanitize.ts"
import { checkSpeculativeBounds } from "./speculative.ts"

const S64_MIN = -0x8000_0000_0000_0000n

interface PointerArithmetic {
  readonly operation: number
  readonly wide: boolean
  readonly dst: number
  readonly pointer: Reg
  readonly offset: Reg
  /** `scalar op= pointer`. */
  readonly reversed: boolean
}

/** `pointer += number`, `number += pointer`, `pointer -= number`. */
export function pointerArithmetic(env: Env, what: PointerArithmetic): void {
  const { operation, wide, dst, pointer, offset } = what
  const by = offset.scalar
  const known = isConstant(by)
  if (by.smin > by.smax || by.umin > by.umax || (known && (by.smin !== by.smax || by.umin !== by.umax))) {
    env.set(dst, UNKNOWN)
    return
  }
  const { kind, flags } = pointer
  if (!wide) {
    if (operation !== o.BPF_SUB || !env.perfmon) {
      env.refuse(EACCES, `R${dst} 32-bit pointer arithmetic prohibited`)
    }
    env.set(dst, UNKNOWN)
    return
  }
  const name = typeName(kind, flags)
  if (flags & Flag.maybeNull) {
    env.refuse(EACCES, `R${dst} pointer arithmetic on ${name} prohibited, null-check it first`)
  }
  if (kind === Kind.mem && flags & Flag.untrusted) {
    if (what.reversed) env.set(dst, pointer)
    return
  }
  if (!canMove(kind, known, by.smin === 0n && operation === o.BPF_ADD)) {
    env.refuse(EACCES, `R${dst} pointer arithmetic on ${name} prohibited`)
  }
  checkSaneOffset(env, offset, name)
  checkSaneOffset(env, pointer, name)
  const limit = limitMove(env, what)
  const result = moved(env, what, name)
  checkSaneOffset(env, result, name)
  env.set(dst, result)
  checkSpeculativeBounds(env, dst, result)
  keepLimit(env, what, limit, result)
}

function canMove(kind: Kind, known: boolean, addsZero: boolean): boolean {
  switch (kind) {
    case Kind.ctx:
    case Kind.mapValue:
    case Kind.mapKey:
    case Kind.stack:
    case Kind.packetMeta:
    case Kind.packet:
    case Kind.tpBuffer:
    case Kind.btf:
    case Kind.mem:
    case Kind.buf:
    case Kind.func:
    case Kind.dynptr:
      return true
    case Kind.flowKeys:
      return known
    case Kind.mapPtr:
      return known && addsZero
    default:
      return false
  }
}

function moved(env: Env, { operation, dst, pointer, offset, reversed }: PointerArithmetic, _name: string): Reg {
  const by = offset.scalar
  const known = isConstant(by)
  const refId = reversed ? 0 : pointer.refId
  const precise = reversed ? false : pointer.precise
  if (operation !== o.BPF_ADD && operation !== o.BPF_SUB) {
    const sign = OPERATORS[operation >> 4]
    const bitwise = operation === o.BPF_AND || operation === o.BPF_OR || operation === o.BPF_XOR
    return env.refuse(
      EACCES,
      bitwise
        ? `R${dst} bitwise operator ${sign} on pointer prohibited`
        : `R${dst} pointer arithmetic with ${sign} operator prohibited`,
    )
  }
  if (operation === o.BPF_SUB) {
    if (reversed) env.refuse(EACCES, `R${dst} tried to subtract pointer from scalar`)
    if (pointer.kind === Kind.stack) env.refuse(EACCES, `R${dst} subtraction from stack pointer prohibited`)
  }
  if (known) {
    const off = pointer.off + (operation === o.BPF_ADD ? Number(by.smin) : -Number(by.smin))
    if (off === (off | 0)) return pointer.with({ off, refId, precise })
  }
  const scalar = moveBy(pointer.scalar, by, operation)
  if (!isPacket(pointer.kind)) return pointer.with({ scalar, refId, precise })
  // What is known of the packet's length was said of another place; a pointer that moved towards the start keeps it.
  const forgets = operation === o.BPF_ADD || by.smin < 0n
  return pointer.with({ scalar, refId, precise, id: env.newId(), aux: forgets ? 0 : pointer.aux })
}

/** Pointers do not get so far from where they belong that a sum could overflow. */
function checkSaneOffset(env: Env, reg: Reg, name: string): void {
  const { scalar, off } = reg
  const { smin } = scalar
  if (isConstant(scalar)) {
    const value = BigInt.asIntN(64, scalar.bits.value)
    if (value >= MAX_OFFSET_BIG || value <= -MAX_OFFSET_BIG) {
      env.refuse(EINVAL, `math between ${name} pointer and ${value} is not allowed`)
    }
  }
  if (off >= MAX_OFFSET || off <= -MAX_OFFSET) env.refuse(EINVAL, `${name} pointer offset ${off} is not allowed`)
  if (smin === S64_MIN) {
    env.refuse(EINVAL, `math between ${name} pointer and register with unbounded min value is not allowed`)
  }
  if (smin >= MAX_OFFSET_BIG || smin <= -MAX_OFFSET_BIG) {
    env.refuse(EINVAL, `value ${smin} makes ${name} pointer be out of bounds`)
  }
}
