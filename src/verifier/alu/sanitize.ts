import * as o from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { EACCES } from "../refuse.ts"
import { Kind, type Reg } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"

/** How the kernel limits the number that an instruction adds to a pointer, so that a processor that guesses wrong stays inside of the object. */
export interface Limit {
  readonly negative: boolean
  readonly constant: boolean
  /** The pointer is on the right side; undefined where there is none. */
  readonly reversed: boolean | undefined
  /** Bytes that the pointer may move. */
  readonly bytes: number
}

export interface Move {
  readonly operation: number
  readonly dst: number
  readonly pointer: Reg
  readonly offset: Reg
  /** `scalar op= pointer`. */
  readonly reversed: boolean
}

const WHY = "pointer arithmetic with it prohibited for !root"
const MAX_STACK = 512

/** Nothing to limit: addresses may be seen, the number stands in the instruction, or a barrier stands before it. */
const isFree = ({ code, perfmon, slot, nospec }: Env): boolean =>
  perfmon || (code.op[slot] & o.BPF_SRC_MASK) === o.BPF_K || nospec[slot] !== 0

/**
 * Before a pointer moves (without CAP_PERFMON): finds the limit, and has the way walked on which the processor adds 0 instead. Undefined where there is
 * nothing to limit.
 */
export function limitMove(env: Env, move: Move): Limit | undefined {
  const { operation, dst, pointer, offset, reversed } = move
  if (isFree(env) || (operation !== o.BPF_ADD && operation !== o.BPF_SUB)) return undefined
  const { smin, smax } = offset.scalar
  const constant = isConstant(offset.scalar)
  let limit: Limit | undefined
  if (!env.state.speculative) {
    if (!constant && smin < 0n !== smax < 0n) {
      const register = reversed ? dst : env.code.src[env.slot]
      env.refuse(EACCES, `R${register} has unknown scalar with mixed signed bounds, ${WHY}`)
    }
    limit = { negative: smin < 0n, constant, reversed, bytes: room(env, move, pointer) }
    if (!constant) env.exploresLimits = true
  }
  if (!constant) env.speculate(env.slot + 1).current.regs[dst] = pointer
  return limit
}

/** After a pointer has moved: one instruction has one limit, whatever way leads there. */
export function keepLimit(env: Env, move: Move, limit: Limit | undefined, result: Reg): void {
  if (limit === undefined) return
  const bytes = Math.abs((limit.bytes - room(env, move, result)) | 0)
  keep(env, move.operation, move.dst, { ...limit, bytes })
}

const NO_LIMIT: Limit = { negative: false, constant: false, reversed: undefined, bytes: 0 }

/** A number is added to a number: the same instruction cannot move a pointer on another way. */
export function keepUnlimited(env: Env, operation: number, dst: number): void {
  if (!isFree(env) && (operation === o.BPF_ADD || operation === o.BPF_SUB)) keep(env, operation, dst, NO_LIMIT)
}

function keep(env: Env, operation: number, dst: number, limit: Limit): void {
  const { limits, slot } = env
  const known = limits.get(slot)
  if (known === undefined) limits.set(slot, limit)
  else if (
    known.negative !== limit.negative ||
    known.constant !== limit.constant ||
    known.reversed !== limit.reversed ||
    known.bytes !== limit.bytes
  ) {
    const what = operation === o.BPF_ADD ? "add" : "sub"
    env.refuse(EACCES, `R${dst} tried to ${what} from different maps, paths or scalars, ${WHY}`)
  }
}

/** Bytes between a pointer and the end of its object, in the direction in which it does not move. */
function room(env: Env, { operation, dst, offset, reversed }: Move, { kind, off, scalar, ref }: Reg): number {
  const left = (operation === o.BPF_ADD) === offset.scalar.smin < 0n
  let most: number
  let bytes: number
  if (kind === Kind.stack) {
    most = MAX_STACK + (left ? 1 : 0)
    bytes = -(Number(BigInt.asIntN(64, scalar.bits.value)) + off) >>> 0
  } else if (kind === Kind.mapValue && ref !== undefined && "valueSize" in ref) {
    most = ref.valueSize
    bytes = Number(BigInt.asUintN(32, (left ? scalar.smin : scalar.umax) + BigInt(off)))
  } else {
    const register = reversed ? env.code.src[env.slot] : dst
    return env.refuse(EACCES, `R${register} has pointer with unsupported alu operation, ${WHY}`)
  }
  if (bytes < most) return bytes
  const what = operation === o.BPF_ADD ? "add" : "sub"
  return env.refuse(EACCES, `R${dst} tried to ${what} beyond pointer bounds, ${WHY}`)
}
