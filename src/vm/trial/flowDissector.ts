import type { TestRunInput } from "../../machine/index.ts"
import { KERNEL } from "../address.ts"
import { E2BIG, EINVAL } from "../errno.ts"
import { LOOPBACK } from "../packet/device.ts"
import { ETH_HLEN } from "../packet/link.ts"
import type { Skb } from "../packet/skb.ts"
import { SKB_FLOW_KEYS } from "../packet/skbContext.ts"
import type { Run, Runnable } from "../run.ts"
import { isZero, type Ran, sized } from "./ran.ts"

/** Bytes of `struct bpf_flow_keys`, and offsets in it. Source: include/uapi/linux/bpf.h. */
const KEYS = 56
const NETWORK_OFFSET = 0
const TRANSPORT_OFFSET = 2
const PROTOCOL = 10
const FLAGS = 48

/**
 * A program that takes headers apart: the keys that it found are the data of the result. The context is the same struct, of which flags may be set.
 * Source: `bpf_prog_test_run_flow_dissector`.
 */
export function onFlow(run: Run, skb: Skb, program: Runnable, input: TestRunInput): Ran | number {
  const { data, context, repeat = 1 } = input
  if (data === undefined || data.length < ETH_HLEN) return -EINVAL
  const given = sized(context ?? new Uint8Array(0), KEYS)
  if (given === undefined) return -E2BIG
  if (!isZero(given, 0, FLAGS) || !isZero(given, FLAGS + 4)) return -EINVAL
  const { memory } = run
  const keys = memory.allocate(KEYS, "flow keys")
  try {
    memory.u8.set(data, skb.place(data.length))
    skb.receive(LOOPBACK, true)
    run.packet = skb
    let retval = 0
    for (let i = 0; i < Math.max(1, repeat); i++) {
      const { u8, view } = memory
      u8.fill(0, keys, keys + KEYS)
      u8.set(given.subarray(FLAGS, FLAGS + 4), keys + FLAGS)
      u8.copyWithin(keys + PROTOCOL, skb.data + ETH_HLEN - 2, skb.data + ETH_HLEN)
      view.setUint16(keys + NETWORK_OFFSET, ETH_HLEN, true)
      view.setUint16(keys + TRANSPORT_OFFSET, ETH_HLEN, true)
      skb.setField(SKB_FLOW_KEYS, keys)
      skb.setField(SKB_FLOW_KEYS + 4, KERNEL)
      retval = run.start(program, skb.context) >>> 0
      const network = clamp(view.getUint16(keys + NETWORK_OFFSET, true), ETH_HLEN, data.length)
      view.setUint16(keys + NETWORK_OFFSET, network, true)
      view.setUint16(
        keys + TRANSPORT_OFFSET,
        clamp(view.getUint16(keys + TRANSPORT_OFFSET, true), network, data.length),
        true,
      )
    }
    return { retval, data: memory.copy(keys, KEYS), context: new Uint8Array(0) }
  } finally {
    run.packet = undefined
    memory.free(keys)
  }
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high)
