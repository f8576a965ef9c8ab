import type { Env } from "../env.ts"
import { EINVAL, Refused } from "../refuse.ts"
import { Flag, Kind } from "../reg.ts"
import { invalidReg, release } from "../resources/references.ts"
import { changeRegs } from "../state.ts"

/** Something is given back, and all pointers to it are no good from now on. */
export function releaseAll(env: Env, id: number): void {
  if (!release(env, id)) env.refuse(EINVAL, `release reference ${id} that was not acquired`)
}

/** Pointers into the packet are no good any more: its data may have moved. */
export function forgetPackets(env: Env): void {
  const left = invalidReg(env)
  changeRegs(env.state, reg => {
    switch (reg.kind) {
      case Kind.packet:
      case Kind.packetMeta:
      case Kind.packetEnd:
        return left
      case Kind.mem:
        return reg.object?.type === "skb" || reg.object?.type === "xdp" ? left : reg
      default:
        return reg
    }
  })
}

/** Everything acquired has been given back before the program, or a function that somebody else calls, ends. */
export function checkNoLeaks(env: Env): void {
  const lines = env.state.references
    .filter(r => r.kind === "pointer")
    .map(r => `Unreleased reference id=${r.id} alloc_insn=${r.slot}`)
  if (lines.length > 0) throw new Refused(EINVAL, lines.join("\n"))
}

/** Pointers of nodes that belong to a tree or list end with the lock. */
export function forgetNonOwning(env: Env): void {
  const left = invalidReg(env)
  changeRegs(env.state, reg => (reg.flags & Flag.nonOwning ? left : reg))
}
