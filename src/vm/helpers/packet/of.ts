import { EINVAL } from "../../errno.ts"
import { ProgramExit } from "../../fault.ts"
import { Skb } from "../../packet/skb.ts"
import { Xdp } from "../../packet/xdp.ts"
import type { Run } from "../../run.ts"

/** The packet of a run. A program that has none, and calls a helper that needs one, ends: the verifier refuses it. */
export function skbOf(run: Run): Skb {
  if (run.packet instanceof Skb) return run.packet
  throw new ProgramExit(-EINVAL, -1)
}

/** The packet of an XDP program's run. */
export function xdpOf(run: Run): Xdp {
  if (run.packet instanceof Xdp) return run.packet
  throw new ProgramExit(-EINVAL, -1)
}
