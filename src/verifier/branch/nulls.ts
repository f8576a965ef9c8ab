import { mapFields } from "../memory/mapFields.ts"
import { Flag, Kind, mayBeNull, NOT_INIT, type Reg, ZERO_REG } from "../reg.ts"
import { forget } from "../resources/references.ts"
import { changeRegs, type State } from "../state.ts"

/** Pointers that never are null, so that a comparison with null is decided. */
export function isNotNull(reg: Reg): boolean {
  if (mayBeNull(reg)) return false
  switch (reg.kind) {
    case Kind.socket:
    case Kind.tcpSock:
    case Kind.mapValue:
    case Kind.mapKey:
    case Kind.sockCommon:
    case Kind.mapPtr:
      return true
    case Kind.btf:
      return reg.refId !== 0 || (reg.flags & (Flag.trusted | Flag.alloc | Flag.rcu)) !== 0
    case Kind.mem:
      return (reg.flags & Flag.untrusted) === 0
    default:
      return false
  }
}

/** The pointer is not null: what a lookup gave is the thing itself. */
export function notNull(reg: Reg): Reg {
  const flags = reg.flags & ~Flag.maybeNull
  if (reg.kind !== Kind.mapValue) return reg.with({ flags })
  const { map } = reg
  if (map.inner !== undefined) {
    const timers = mapFields(map.inner).some(f => f.name === "bpf_timer" || f.name === "bpf_wq")
    return reg.with({ kind: Kind.mapPtr, flags, ref: map.inner, mapUid: timers ? reg.id : 0 })
  }
  if (map.type === "xskmap") return reg.with({ kind: Kind.xdpSock, flags, ref: undefined })
  if (map.type === "sockmap" || map.type === "sockhash") return reg.with({ kind: Kind.socket, flags })
  return reg.with({ flags })
}

/** The pointer may lead to a lock, which its id tells from others. */
const mayHoldLock = (reg: Reg): boolean =>
  (reg.kind === Kind.mapValue &&
    mapFields(reg.map).some(f => f.name === "bpf_spin_lock" || f.name === "bpf_res_spin_lock")) ||
  (reg.kind === Kind.btf && (reg.flags & Flag.alloc) !== 0)

/** A register was compared with null: it, and all that came from the same lookup, are null or are not. */
export function settleNull(state: State, register: number, isNull: boolean): void {
  const { id, refId } = state.current.regs[register]
  if (refId !== 0 && refId === id && isNull) forget(state, id)
  changeRegs(state, reg => {
    if (!mayBeNull(reg) || reg.id !== id || (id === 0 && !(reg.flags & Flag.rcu)) || reg === NOT_INIT) return reg
    if (isNull) return ZERO_REG
    const settled = notNull(reg)
    return mayHoldLock(settled) ? settled : settled.withId(0)
  })
}
