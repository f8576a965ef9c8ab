import type { TestRunInput } from "../../machine/index.ts"
import { E2BIG, EINVAL, EPROTO } from "../errno.ts"
import { NFPROTO_IPV4, NFPROTO_IPV6, STATE_BYTES, withHookState } from "../network/netfilter.ts"
import { LOOPBACK } from "../packet/device.ts"
import { ETH_HLEN, ETH_P_IP, ETH_P_IPV6 } from "../packet/link.ts"
import type { Skb } from "../packet/skb.ts"
import type { Run, Runnable } from "../run.ts"
import { isZero, type Ran, sized } from "./ran.ts"

/** Where the pointers of `struct nf_hook_state` begin. */
const POINTERS = 8
const NF_INET_LOCAL_OUT = 3

/**
 * A program at a hook of netfilter, by default the one of packets that leave this host. The context says the hook and the protocol. Typed pointers of
 * the state and of the packet lead to zeros. Source: `bpf_prog_test_run_nf`.
 */
export function onHook(run: Run, skb: Skb, program: Runnable, input: TestRunInput): Ran | number {
  const { data, context, repeat = 1 } = input
  const given = sized(context ?? Uint8Array.of(NF_INET_LOCAL_OUT, NFPROTO_IPV4), STATE_BYTES)
  if (data === undefined || data.length < ETH_HLEN) return -EINVAL
  if (given === undefined) return -E2BIG
  if (!isZero(given, POINTERS)) return -EINVAL
  const [hook, family] = given
  const isIpv4 = family === NFPROTO_IPV4
  if (!isIpv4 && family !== NFPROTO_IPV6) return -EINVAL
  const { memory } = run
  memory.u8.set(data, skb.place(data.length))
  skb.receive(LOOPBACK, hook === NF_INET_LOCAL_OUT)
  if (hook === NF_INET_LOCAL_OUT) skb.protocol = isIpv4 ? ETH_P_IP : ETH_P_IPV6
  else if (data.length < ETH_HLEN + 20) return -EINVAL
  else if (skb.protocol !== ETH_P_IP && skb.protocol !== ETH_P_IPV6) return -EPROTO
  else if (isIpv4 !== (skb.protocol === ETH_P_IP) || (!isIpv4 && data.length < ETH_HLEN + 40)) return -EINVAL
  run.packet = skb
  try {
    const retval = withHookState(memory, given, context => {
      let result = 0
      for (let i = 0; i < Math.max(1, repeat); i++) result = run.start(program, context) >>> 0
      return result
    })
    return { retval, data: new Uint8Array(0), context: new Uint8Array(0) }
  } finally {
    run.packet = undefined
  }
}
