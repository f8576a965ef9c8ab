import { leaks } from "../alu/check.ts"
import type { Env } from "../env.ts"
import { EACCES } from "../refuse.ts"
import { Flag, Kind, type Reg, typeName, UNKNOWN } from "../reg.ts"
import { accessKptr, kptrAt } from "../resources/kptr.ts"
import type { AccessKind } from "../result.ts"
import { ofSize, signExtend64, signedOfSize, truncate } from "../scalar/index.ts"
import { checkAlignment } from "./align.ts"
import { checkMapDirection, checkMapValue, checkPacketRange, checkRegion } from "./bounds.ts"
import { accessBtf, accessMapPointer } from "./btfAccess.ts"
import { checkBuffer, checkTracepointBuffer } from "./buffer.ts"
import { accessContext } from "./context.ts"
import { readFrozen } from "./frozen.ts"
import { mayWritePacket } from "./packet.ts"
import { accessSocket } from "./socket.ts"
import { checkStackBounds } from "./stackBounds.ts"
import { readStack } from "./stackRead.ts"
import { writeStack } from "./stackWrite.ts"

/** A load, a store, or half of an atomic operation. */
export interface Access {
  /** The register with the address. */
  readonly register: number
  /** Of the instruction. */
  readonly off: number
  /** Bytes. */
  readonly size: number
  readonly write: boolean
  /** The register that is loaded, or stored; undefined for immediates, and where the value does not matter. */
  readonly value: number | undefined
  /** Atomic operations are aligned on every machine. */
  readonly aligned?: boolean
  /** A load that extends the sign. */
  readonly signed?: boolean
}

const FACTS: Readonly<Record<number, AccessKind>> = {
  [Kind.mapValue]: "map_value",
  [Kind.ctx]: "ctx",
  [Kind.stack]: "stack",
  [Kind.packet]: "packet",
  [Kind.packetMeta]: "packet",
  [Kind.btf]: "btf",
  [Kind.mapPtr]: "btf",
  [Kind.arena]: "arena",
}

/** Kinds whose values are numbers, and where addresses of the kernel must not be written to. */
const WRITTEN_WORDS: Readonly<Record<number, string>> = {
  [Kind.mapValue]: "map",
  [Kind.mem]: "mem",
  [Kind.ctx]: "ctx",
  [Kind.packet]: "packet",
  [Kind.packetMeta]: "packet",
  [Kind.flowKeys]: "flow keys",
  [Kind.tpBuffer]: "tp buffer",
}

/** Checks an access of memory; a load leaves what is known of the value in its register. */
export function checkAccess(env: Env, access: Access): void {
  const { register, size, write, value } = access
  const reg = env.regs[register]
  checkAlignment(env, reg, access.off, size, access.aligned === true)
  const off = access.off + reg.off
  const words = WRITTEN_WORDS[reg.kind]
  if (write && value !== undefined && words !== undefined && leaks(env, env.regs[value])) {
    env.refuse(EACCES, `R${value} leaks addr into ${words}`)
  }
  env.note(FACTS[reg.kind] ?? "mem")
  const loaded = reach(env, access, reg, off)
  if (write || value === undefined) return
  if (loaded !== undefined) env.set(value, loaded)
  const result = env.regs[value]
  if (size < 8 && result.kind === Kind.scalar) env.set(value, narrowed(result, size, access.signed === true))
}

/** A number as a load of a few bytes gives it. */
function narrowed(reg: Reg, size: number, signed: boolean): Reg {
  if (reg === UNKNOWN) return reg.withScalar(signed ? signedOfSize(size) : ofSize(size))
  const scalar = signed ? signExtend64(reg.scalar, size) : truncate(reg.scalar, size)
  return reg.withScalar(scalar)
}

/** Checks the access by what is reached. What a load gives; undefined where its register is set already. */
function reach(env: Env, access: Access, reg: Reg, off: number): Reg | undefined {
  const { register, size, write, value } = access
  const maybeNull = (reg.flags & Flag.maybeNull) !== 0
  switch (maybeNull ? Kind.notInit : reg.kind) {
    case Kind.mapKey:
      if (write) env.refuse(EACCES, `write to change key R${register} not allowed`)
      checkRegion(env, register, off, size, reg.map.keySize)
      return UNKNOWN
    case Kind.mapValue: {
      checkMapDirection(env, register, off, size, write)
      checkMapValue(env, register, off, size, "direct")
      const kptr = kptrAt(env, reg, off)
      if (kptr !== undefined) return accessKptr(env, kptr, write, value)
      return (!write && readFrozen(reg, off, size, access.signed === true)) || UNKNOWN
    }
    case Kind.mem:
      return accessMemory(env, access, reg, off)
    case Kind.ctx:
      return accessContext(env, access, off)
    case Kind.stack:
      checkStackBounds(env, register, off, size, write)
      if (write) writeStack(env, register, off, size, value)
      else readStack(env, register, off, size, value)
      return undefined
    case Kind.packet:
    case Kind.packetMeta:
      if (write && !mayWritePacket(env)) env.refuse(EACCES, "cannot write into packet")
      checkPacketRange(env, register, off, size)
      return UNKNOWN
    case Kind.flowKeys:
      if (off < 0 || off + size > FLOW_KEYS_SIZE) {
        env.refuse(EACCES, `invalid access to flow keys off=${off} size=${size}`)
      }
      return UNKNOWN
    case Kind.socket:
    case Kind.sockCommon:
    case Kind.tcpSock:
    case Kind.xdpSock:
      return accessSocket(env, access, off)
    case Kind.tpBuffer:
      checkTracepointBuffer(env, register, off, size)
      return UNKNOWN
    case Kind.btf:
      return accessBtf(env, access, off)
    case Kind.mapPtr:
      return accessMapPointer(env, access, off, reg.map)
    case Kind.buf:
      if (write && reg.flags & Flag.readOnly) {
        env.refuse(EACCES, `R${register} cannot write into ${typeName(reg.kind, reg.flags)}`)
      }
      checkBuffer(env, register, off, size)
      return UNKNOWN
    case Kind.arena:
      return UNKNOWN
    default:
      return env.refuse(EACCES, `R${register} invalid mem access '${typeName(reg.kind, reg.flags)}'`)
  }
}

/** Size of `struct bpf_flow_keys`. */
const FLOW_KEYS_SIZE = 56

function accessMemory(env: Env, { register, size, write }: Access, reg: Reg, off: number): Reg {
  const readOnly = (reg.flags & Flag.readOnly) !== 0
  if (write && readOnly) env.refuse(EACCES, `R${register} cannot write into ${typeName(reg.kind, reg.flags)}`)
  // What may not be there is read with a net below.
  if (readOnly && reg.flags & Flag.untrusted) env.note("btf")
  else checkRegion(env, register, off, size, reg.aux)
  return UNKNOWN
}
