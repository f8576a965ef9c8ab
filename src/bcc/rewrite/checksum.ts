import * as c from "../../c/index.ts"
import * as b from "../ast/build.ts"
import type { Current, Env } from "./env.ts"
import { packetParameter } from "./packet.ts"

/**
 * `incr_cksum_l3(offset, old, new)` and `incr_cksum_l4(offset, old, new, is_pseudo)`: the packet is a parameter of the function, the size of what
 * changed that of the new value. The values are numbers; the helpers take them as they are in the packet, the first byte the highest.
 */
export function rewriteChecksum(
  env: Env,
  current: Current,
  e: c.Call,
  builtin: string,
  args: readonly c.Expr[],
): c.Expr {
  const skb = packetParameter(current.fn)
  if (skb === undefined) {
    env.diagnostics.error("BCC_CHECKSUM", `${builtin}() needs a function that has the packet as a parameter`, e.span)
    return e
  }
  const { span } = e
  const [offset, before, after, flags] = args
  const size = c.sizeOf(b.stripCasts(e.args[2]).type) ?? 4
  const [old, fresh] = [before, after].map(value => inPacketOrder(value, size))
  const packet = b.value(skb, span)
  const width = b.int(size, c.ULLONG, span)
  if (builtin === "incr_cksum_l3") {
    return b.cast(
      b.call(env.names.helper("bpf_l3_csum_replace"), [packet, offset, old, fresh, width], span),
      e.type,
      true,
    )
  }
  // Bit 4: the value is in the pseudo header too; below it the size.
  const pseudo = b.binary(
    "<<",
    b.binary("&", flags, b.int(1, c.ULLONG, span), c.ULLONG, span),
    b.int(4, c.INT, span),
    c.ULLONG,
    span,
  )
  const all = b.binary("|", pseudo, width, c.ULLONG, span)
  return b.cast(b.call(env.names.helper("bpf_l4_csum_replace"), [packet, offset, old, fresh, all], span), e.type, true)
}

function inPacketOrder(value: c.Expr, size: number): c.Expr {
  return size === 2 || size === 4 || size === 8 ? b.byteSwap((size * 8) as 16 | 32 | 64, value, value.span) : value
}
