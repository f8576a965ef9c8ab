import { isZero } from "../branch/condition.ts"
import { hasContext } from "../contexts/index.ts"
import type { Env } from "../env.ts"
import type { Argument } from "../helpers/index.ts"
import { checkAccess } from "../memory/access.ts"
import { checkMapDirection, checkMapValue, checkPacketRange, checkRegion } from "../memory/bounds.ts"
import { accessBtf } from "../memory/btfAccess.ts"
import { checkBuffer } from "../memory/buffer.ts"
import { checkStackInitialized } from "../memory/stackRange.ts"
import { markPrecise } from "../prune/precision.ts"
import { EACCES } from "../refuse.ts"
import { Flag, Kind, typeName } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import type { CallMeta } from "./meta.ts"

/** What a call does with memory that it is handed. */
export interface MemoryUse {
  readonly write: boolean
  /** No bytes at all are fine. */
  readonly zero: boolean
  /** It fills all of it, so that nothing has to be there before. */
  readonly fills?: CallMeta
}

const MAX_SIZE = 1n << 29n

/** Memory behind a register that a call reads or writes: all of it must be there. */
export function checkHelperMemory(env: Env, register: number, size: number, use: MemoryUse): void {
  const reg = env.regs[register]
  const { off, kind } = reg
  const name = typeName(kind, reg.flags)
  const cannotWrite = (): never => env.refuse(EACCES, `R${register} cannot write into ${name}`)
  const nothing = reg.flags & Flag.maybeNull ? Kind.notInit : kind
  switch (nothing) {
    case Kind.packet:
    case Kind.packetMeta:
      checkPacketRange(env, register, off, size, use.zero)
      return
    case Kind.mapKey:
      if (use.write) cannotWrite()
      checkRegion(env, register, off, size, reg.map.keySize)
      return
    case Kind.mapValue:
      checkMapDirection(env, register, off, size, use.write)
      checkMapValue(env, register, off, size, "helper", use.zero)
      return
    case Kind.mem:
      if (use.write && reg.flags & Flag.readOnly) cannotWrite()
      checkRegion(env, register, off, size, reg.aux, use.zero)
      return
    case Kind.buf:
      if (use.write && reg.flags & Flag.readOnly) cannotWrite()
      checkBuffer(env, register, off, size)
      return
    case Kind.stack: {
      const { fills } = use
      checkStackInitialized(env, register, off, size, {
        write: use.write,
        zero: use.zero,
        uninitialized: fills && ((which, bytes) => (fills.filled = { register: which, size: bytes })),
      })
      return
    }
    case Kind.btf:
      accessBtf(env, { register, off: 0, size, write: false, value: undefined }, off)
      return
    case Kind.ctx:
      if (!hasContext(env.programType)) {
        if (size === 0 && use.zero) return
        if (size === 0) env.refuse(EACCES, `R${register} type=ctx expected=fp`)
        checkAccess(env, { register, off: size - 1, size: 1, write: use.write, value: undefined })
        return
      }
  }
  if (use.zero && size === 0 && isZero(reg)) return
  env.refuse(EACCES, `R${register} type=${name} expected=fp`)
}

/** The size of the memory in the register before: with it, that memory is checked. */
export function checkSize(env: Env, meta: CallMeta, register: number, memory: Argument, zero: boolean): void {
  const { scalar } = env.regs[register]
  meta.maxSize = scalar.umax
  if (scalar.smin < 0n) {
    env.refuse(EACCES, `R${register} min value is negative, either use unsigned or 'var &= const'`)
  }
  if (scalar.umin === 0n && !zero) {
    env.refuse(EACCES, `R${register} invalid zero-sized read: u64=[${scalar.umin},${scalar.umax}]`)
  }
  if (scalar.umax >= MAX_SIZE) {
    env.refuse(EACCES, `R${register} unbounded memory access, use 'var &= const' or 'if (var < const)'`)
  }
  checkHelperMemory(env, register - 1, Number(scalar.umax), {
    write: memory.direction === "out" || memory.direction === "write",
    zero,
    fills: memory.direction === "out" && isConstant(scalar) ? meta : undefined,
  })
  markPrecise(env, register)
}
