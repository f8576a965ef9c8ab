import type { Env } from "../env.ts"
import { Flag, mayBeNull, type Reg } from "../reg.ts"
import type { Walked } from "../types/index.ts"
import { inReadSection, isListed, isRcu, isTrusted, withoutTrust } from "./trust.ts"

const TAGS = { user: Flag.user, percpu: Flag.percpu, rcu: Flag.rcu } as const

/**
 * What is true of a pointer that was read through another one: trust goes on along fields that are listed for it, under RCU along those that
 * are tagged, and ends elsewhere.
 *
 * Source: `check_ptr_to_btf_access`, Linux 6.1 to 6.18.
 */
export function followedFlags(env: Env, reg: Reg, walked: Walked & { kind: "pointer" }): number {
  const tag = walked.tag === undefined ? 0 : TAGS[walked.tag]
  let flags = tag | (walked.union ? Flag.untrusted : 0)
  if ((reg.flags & Flag.untrusted) !== 0) return env.atLeast(6, 4) ? Flag.untrusted : flags | Flag.untrusted
  if (!env.atLeast(6, 4)) return flags & ~Flag.rcu
  if (!isTrusted(reg) && !isRcu(reg)) return withoutTrust(flags)
  const { type, field } = walked
  const listed = (safety: Parameters<typeof isListed>[4]): boolean => isListed(reg.btf, reg.aux, field, type, safety)
  if (listed("__safe_trusted")) return flags | Flag.trusted
  if (listed("__safe_trusted_or_null")) return flags | Flag.trusted | Flag.maybeNull
  if (!inReadSection(env) || mayBeNull(reg)) return Flag.untrusted
  if (listed("__safe_rcu")) return flags | Flag.rcu
  const orNull = listed("__safe_rcu_or_null")
  if ((flags & Flag.rcu) !== 0 || orNull) {
    // What is tagged may not be there yet, or no more.
    if (orNull) flags &= ~Flag.untrusted
    return flags | Flag.rcu | Flag.maybeNull
  }
  return (flags & (Flag.percpu | Flag.user)) !== 0 ? flags : withoutTrust(flags)
}
