import type { Btf } from "../btf/index.ts"
import type { VerifierMap } from "./input.ts"
import { UNKNOWN as ANY, constant, isConstant, type Scalar } from "./scalar/index.ts"

/** What a register holds (`enum bpf_reg_type`). */
export const Kind = {
  notInit: 0,
  scalar: 1,
  ctx: 2,
  mapPtr: 3,
  mapValue: 4,
  mapKey: 5,
  stack: 6,
  packetMeta: 7,
  packet: 8,
  packetEnd: 9,
  flowKeys: 10,
  socket: 11,
  sockCommon: 12,
  tcpSock: 13,
  tpBuffer: 14,
  xdpSock: 15,
  btf: 16,
  mem: 17,
  arena: 18,
  buf: 19,
  func: 20,
  dynptr: 21,
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]

/** What is true of a pointer besides (`enum bpf_type_flag`), a bit each. */
export const Flag = {
  maybeNull: 1 << 0,
  /** Cannot be written to. */
  readOnly: 1 << 1,
  /** Reserved in a ring buffer. */
  ringbuf: 1 << 2,
  /** Address of user space. */
  user: 1 << 3,
  /** One for each CPU; not to be followed before a helper has chosen one. */
  percpu: 1 << 4,
  /** May be stale or null: reads are probed, and no function takes it. */
  untrusted: 1 << 5,
  /** Held by the kernel while the program runs. */
  trusted: 1 << 6,
  /** Valid until the read section ends. */
  rcu: 1 << 7,
  /** Made by bpf_obj_new. */
  alloc: 1 << 8,
  /** Belongs to a tree or list; valid until the lock is given back. */
  nonOwning: 1 << 9,
} as const

/** Kinds in the kernel's words. */
const NAMES = [
  "?",
  "scalar",
  "ctx",
  "map_ptr",
  "map_value",
  "map_key",
  "fp",
  "pkt_meta",
  "pkt",
  "pkt_end",
  "flow_keys",
  "sock",
  "sock_common",
  "tcp_sock",
  "tp_buffer",
  "xdp_sock",
  "ptr_",
  "mem",
  "arena",
  "buf",
  "func",
  "dynptr_ptr",
]

/** A type as the log names it: `rdonly_mem_or_null`, `trusted_ptr_`. */
export function typeName(kind: Kind, flags: number): string {
  let prefix = ""
  if (flags & Flag.readOnly) prefix += "rdonly_"
  if (flags & Flag.ringbuf) prefix += "ringbuf_"
  if (flags & Flag.user) prefix += "user_"
  if (flags & Flag.percpu) prefix += "percpu_"
  if (flags & Flag.rcu) prefix += "rcu_"
  if (flags & Flag.untrusted) prefix += "untrusted_"
  if (flags & Flag.trusted) prefix += "trusted_"
  const orNull = !(flags & Flag.maybeNull) ? "" : kind === Kind.btf ? "or_null_" : "_or_null"
  return `${prefix}${NAMES[kind]}${orNull}`
}

/** Set in an id: the register is that many (`off`) above the others of its id, by an addition of 64 bits, or of 32 bits that wraps around. */
export const ADD_CONST64 = 0x4000_0000
export const ADD_CONST32 = 0x2000_0000
/** One of both. */
export const ADD_CONST = ADD_CONST64 | ADD_CONST32

/** What a slot of the stack says of an iterator or a dynptr that starts in it; one object, never changed. */
export interface SlotObject {
  /** `dynptr` with its kind, or `iter` with the name of its type. */
  readonly kind: "dynptr" | "iter" | "irq"
  readonly type: string
  /** The slot with the lowest address, where all is known of the object. */
  readonly first: boolean
  /** Of an iterator: `active` or `drained`. */
  readonly active?: boolean
  /** Of an iterator: how often it has given something. */
  readonly depth?: number
  /** Of an IRQ flag: native or of a lock. */
  readonly lockKind?: number
}

/**
 * One register, or one spilled to the stack. It is never changed: states share them, and a change makes a new one.
 */
export class Reg {
  readonly kind: Kind
  readonly flags: number
  /** Fixed part of a pointer's offset; of a scalar with {@link ADD_CONST} in its id, how far it is above. */
  readonly off: number
  /** Value of a scalar; variable part of a pointer's offset. */
  readonly scalar: Scalar
  /** Registers with the same id hold the same value, or come from the same lookup; 0 for none. */
  readonly id: number
  /** The reference that the pointer holds or comes from; 0 for none. */
  readonly refId: number
  /**
   * By kind: bytes of a packet that are known to be there (`packet`; of `packetEnd` kinds of ranges see `branch`), bytes of memory (`mem`),
   * number of the frame (`stack`), id of the type (`btf`), number of the function (`func`), of dynptrs the id of what they are sliced from.
   */
  readonly aux: number
  /** The map, or the types that `aux` is an id of. */
  readonly ref: VerifierMap | Btf | undefined
  /** The exact value of this scalar has mattered. */
  readonly precise: boolean
  /** Tells values of one inner map from those of another (`map_uid`); of a slice, and of a dynptr made from another: the id of that dynptr. */
  readonly mapUid: number
  /** What an iterator or dynptr is. */
  readonly object: SlotObject | undefined

  constructor(
    kind: Kind,
    flags: number,
    off: number,
    scalar: Scalar,
    id: number,
    refId: number,
    aux: number,
    ref: VerifierMap | Btf | undefined,
    precise: boolean,
    mapUid: number,
    object: SlotObject | undefined,
  ) {
    this.kind = kind
    this.flags = flags
    this.off = off
    this.scalar = scalar
    this.id = id
    this.refId = refId
    this.aux = aux
    this.ref = ref
    this.precise = precise
    this.mapUid = mapUid
    this.object = object
  }

  get map(): VerifierMap {
    return this.ref as VerifierMap
  }

  get btf(): Btf {
    return this.ref as Btf
  }

  /** A scalar whose value is known. */
  get isConst(): boolean {
    return this.kind === Kind.scalar && isConstant(this.scalar)
  }

  withScalar(scalar: Scalar): Reg {
    if (scalar === this.scalar) return this
    const { kind, flags, off, id, refId, aux, ref, precise, mapUid, object } = this
    return new Reg(kind, flags, off, scalar, id, refId, aux, ref, precise, mapUid, object)
  }

  /** Another number, which none of those that the register was copied from knows of. */
  unlinked(scalar: Scalar): Reg {
    const { kind, flags, refId, aux, ref, precise, mapUid, object } = this
    return new Reg(kind, flags, 0, scalar, 0, refId, aux, ref, precise, mapUid, object)
  }

  withId(id: number): Reg {
    if (id === this.id) return this
    const { kind, flags, off, scalar, refId, aux, ref, precise, mapUid, object } = this
    return new Reg(kind, flags, off, scalar, id, refId, aux, ref, precise, mapUid, object)
  }

  withPrecise(precise: boolean): Reg {
    if (precise === this.precise) return this
    const { kind, flags, off, scalar, id, refId, aux, ref, mapUid, object } = this
    return new Reg(kind, flags, off, scalar, id, refId, aux, ref, precise, mapUid, object)
  }

  with(change: RegChange): Reg {
    return new Reg(
      change.kind ?? this.kind,
      change.flags ?? this.flags,
      change.off ?? this.off,
      change.scalar ?? this.scalar,
      change.id ?? this.id,
      change.refId ?? this.refId,
      change.aux ?? this.aux,
      change.ref ?? this.ref,
      change.precise ?? this.precise,
      change.mapUid ?? this.mapUid,
      change.object ?? this.object,
    )
  }
}

/** Fields of a register to set. */
export interface RegChange {
  readonly kind?: Kind
  readonly flags?: number
  readonly off?: number
  readonly scalar?: Scalar
  readonly id?: number
  readonly refId?: number
  readonly aux?: number
  readonly ref?: VerifierMap | Btf
  readonly precise?: boolean
  readonly mapUid?: number
  readonly object?: SlotObject
}

const ZERO = constant(0n)

/** Nothing was written to it. */
export const NOT_INIT = new Reg(Kind.notInit, 0, 0, ANY, 0, 0, 0, undefined, false, 0, undefined)
/** Any number. */
export const UNKNOWN = new Reg(Kind.scalar, 0, 0, ANY, 0, 0, 0, undefined, false, 0, undefined)
/** Any number, and it matters which. */
export const UNKNOWN_PRECISE = UNKNOWN.withPrecise(true)

/** A number of which something is known. */
export const scalarReg = (scalar: Scalar, precise = false): Reg =>
  new Reg(Kind.scalar, 0, 0, scalar, 0, 0, 0, undefined, precise, 0, undefined)

/** Zero. */
export const ZERO_REG = scalarReg(ZERO)

/** A pointer at the start of something. */
export const pointerReg = (kind: Kind, change: RegChange = {}): Reg =>
  new Reg(
    kind,
    change.flags ?? 0,
    change.off ?? 0,
    change.scalar ?? ZERO,
    change.id ?? 0,
    change.refId ?? 0,
    change.aux ?? 0,
    change.ref,
    false,
    change.mapUid ?? 0,
    change.object,
  )

export const isPacket = (kind: Kind): boolean => kind === Kind.packet || kind === Kind.packetMeta
export const isPointer = (reg: Reg): boolean => reg.kind !== Kind.notInit && reg.kind !== Kind.scalar
export const mayBeNull = (reg: Reg): boolean => (reg.flags & Flag.maybeNull) !== 0
