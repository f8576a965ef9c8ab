import type { Env } from "../env.ts"
import { MAX_OFFSET_BIG } from "../limits.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Kind, type Reg } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import { mapFields } from "./mapFields.ts"

const S64_MIN = -0x8000_0000_0000_0000n
const NEGATIVE = "min value is negative, either use unsigned index or do a if (index >=0) check."

/** Why an access of a region of `limit` bytes at a fixed offset is wrong; undefined where it is inside. */
function outside(
  reg: Reg,
  register: number,
  off: number,
  size: number,
  limit: number,
  zero: boolean,
): string | undefined {
  if (off >= 0 && (size > 0 || (size === 0 && zero)) && off + size <= limit) return undefined
  switch (reg.kind) {
    case Kind.mapKey:
      return `invalid access to map key, key_size=${limit} off=${off} size=${size}`
    case Kind.mapValue:
      return `invalid access to map value, value_size=${limit} off=${off} size=${size}`
    case Kind.packet:
    case Kind.packetMeta:
    case Kind.packetEnd:
      return `invalid access to packet, off=${off} size=${size}, R${register}(id=${reg.id},off=${off},r=${limit})`
    case Kind.ctx:
      return `invalid access to context, ctx_size=${limit} off=${off} size=${size}`
    default:
      return `invalid access to memory, mem_size=${limit} off=${off} size=${size}`
  }
}

/** Why an access through a pointer with a variable offset may be wrong: both ends of its range are tried. */
export function regionProblem(
  reg: Reg,
  register: number,
  off: number,
  size: number,
  limit: number,
  zero: boolean,
): string | undefined {
  const { smin, umax } = reg.scalar
  if (smin < 0n) {
    const least = smin + BigInt(off)
    if (smin === S64_MIN || least !== BigInt.asIntN(32, least) || least < 0n) return `R${register} ${NEGATIVE}`
  }
  const low = outside(reg, register, Number(smin) + off, size, limit, zero)
  if (low !== undefined) return `${low}\nR${register} min value is outside of the allowed memory range`
  if (umax >= MAX_OFFSET_BIG) {
    return `R${register} unbounded memory access, make sure to bounds check any such access`
  }
  const high = outside(reg, register, Number(umax) + off, size, limit, zero)
  return high === undefined ? undefined : `${high}\nR${register} max value is outside of the allowed memory range`
}

/** Refuses an access outside of a region of `limit` bytes. `zero` allows accesses of no bytes. */
export function checkRegion(env: Env, register: number, off: number, size: number, limit: number, zero = false): void {
  const why = regionProblem(env.regs[register], register, off, size, limit, zero)
  if (why !== undefined) env.refuse(EACCES, why)
}

/** Bytes of a packet, as far as a comparison with its end has shown them to be there. */
export function checkPacketRange(env: Env, register: number, off: number, size: number, zero = false): void {
  const reg = env.regs[register]
  if (reg.scalar.smin < 0n) env.refuse(EACCES, `R${register} ${NEGATIVE}`)
  const end = `R${register} offset is outside of the packet`
  if (reg.aux < 0) env.refuse(EINVAL, end)
  const why = outside(reg, register, off, size, reg.aux, zero)
  if (why !== undefined) env.refuse(EACCES, `${why}\n${end}`)
}

/** Why an access of a map's value is wrong: its bounds, and fields that are not plain bytes. */
export function mapRangeProblem(
  reg: Reg,
  register: number,
  off: number,
  size: number,
  by: "direct" | "helper",
  zero: boolean,
): string | undefined {
  const why = regionProblem(reg, register, off, size, reg.map.valueSize, zero)
  if (why !== undefined) return why
  const from = Number(reg.scalar.smin) + off
  const to = Number(reg.scalar.umax) + off + size
  for (const field of mapFields(reg.map)) {
    if (from >= field.offset + field.size || to <= field.offset) continue
    if (!field.isPointer) return `${field.name} cannot be accessed directly by load/store`
    if (by === "helper") return `${field.name} cannot be accessed indirectly by helper`
    if (!isConstant(reg.scalar)) return `${field.name} access cannot have variable offset`
    if (field.offset !== from) return `${field.name} access misaligned expected=${field.offset} off=${from}`
    if (size !== 8) return `${field.name} access size must be BPF_DW`
  }
  return undefined
}

export function checkMapValue(
  env: Env,
  register: number,
  off: number,
  size: number,
  by: "direct" | "helper",
  zero = false,
): void {
  const why = mapRangeProblem(env.regs[register], register, off, size, by, zero)
  if (why !== undefined) env.refuse(EACCES, why)
}

const BPF_F_RDONLY_PROG = 1 << 7
const BPF_F_WRONLY_PROG = 1 << 8

/** Maps can be closed to programs, for reading or for writing. */
export function checkMapDirection(env: Env, register: number, off: number, size: number, write: boolean): void {
  const { map } = env.regs[register]
  if ((map.flags & (write ? BPF_F_RDONLY_PROG : BPF_F_WRONLY_PROG)) === 0) return
  const what = write ? "write into" : "read from"
  env.refuse(EACCES, `${what} map forbidden, value_size=${map.valueSize} off=${off} size=${size}`)
}
