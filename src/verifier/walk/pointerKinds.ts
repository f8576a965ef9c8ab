import type { Env } from "../env.ts"
import { EINVAL } from "../refuse.ts"
import { Flag, Kind, type Reg } from "../reg.ts"

/** Kinds of memory whose accesses the kernel rewrites, each in its own way. */
const REWRITTEN = new Set<Kind>([
  Kind.ctx,
  Kind.socket,
  Kind.sockCommon,
  Kind.tcpSock,
  Kind.xdpSock,
  Kind.btf,
  Kind.arena,
])

/** Not told apart where it is read with a net below. */
const isProbed = ({ kind }: { kind: Kind }): boolean => kind === Kind.btf || kind === Kind.mem

/** One instruction reaches memory of one kind, where the kernel has to know which. */
export function notePointer(env: Env, reg: Reg, probed: boolean): void {
  const known = env.pointerKinds[env.slot]
  if (known === undefined) {
    env.pointerKinds[env.slot] = reg
    return
  }
  const differ = known.kind !== reg.kind || known.flags !== reg.flags
  const rewritten = (each: Reg): boolean =>
    REWRITTEN.has(each.kind) || (each.kind === Kind.mem && (each.flags & Flag.untrusted) !== 0)
  if (!differ || (!rewritten(known) && !rewritten(reg))) return
  if (probed && isProbed(known) && isProbed(reg)) return
  env.refuse(EINVAL, "same insn cannot be used with different pointers")
}
