import type { Btf } from "../../btf/index.ts"
import type { Env } from "../env.ts"
import { Flag, Kind, type Reg } from "../reg.ts"

/** What makes a pointer one that functions take, and what they may bear besides. */
const TRUSTED = Flag.alloc | Flag.trusted | Flag.nonOwning
const UNSAFE = ~(TRUSTED | Flag.rcu)

/** Kinds of pointers that the kernel vouches for whatever else is known of them. */
const ALWAYS = new Set<Kind>([Kind.socket, Kind.sockCommon, Kind.tcpSock, Kind.mapPtr])

/** Whether the kernel vouches for a pointer (`is_trusted_reg`): it is referenced, or was trusted from the start. */
export function isTrusted({ kind, flags, refId }: Reg): boolean {
  if (refId !== 0) return true
  if (ALWAYS.has(kind) && (flags & Flag.maybeNull) === 0) return true
  return (flags & TRUSTED) !== 0 && (flags & UNSAFE) === 0
}

/** Whether a pointer is good until the read section ends (`is_rcu_reg`). */
export const isRcu = ({ flags }: Reg): boolean => (flags & Flag.rcu) !== 0

/** Whether nothing that is read under RCU can go away here: programs that do not sleep are inside of a read section all the time. */
export function inReadSection({ state }: Env): boolean {
  return state.rcuLocks > 0 || state.activeLocks > 0 || !state.sleepable
}

/** Whether a pointer's structure may only be read with care: flags that are lost when it is followed. */
export const withoutTrust = (flags: number): number => flags & ~(TRUSTED | Flag.rcu)

/** How far fields of a structure are as good as the pointer that they were read through; the kernel's types say it. */
type Safety = "__safe_trusted" | "__safe_trusted_or_null" | "__safe_rcu" | "__safe_rcu_or_null"

/**
 * Whether a field is listed as safe (`btf_nested_type_is_trusted`): by a structure in the kernel's types that is named after its own and has
 * only such fields, `struct task_struct__safe_rcu`.
 */
export function isListed(btf: Btf, parent: number, field: string, target: number, safety: Safety): boolean {
  const { kind } = btf.type(parent)
  if (kind !== "struct" && kind !== "union") return false
  const id = btf.find(`${btf.name(parent)}${safety}`, kind)
  if (id === 0) return false
  const list = btf.type(id)
  if (list.kind !== "struct" && list.kind !== "union") return false
  return list.members.some(({ name, type }) => {
    if (name !== field) return false
    const pointer = btf.type(type)
    return pointer.kind === "ptr" && btf.resolve(pointer.type) === target
  })
}
