import type { TestRunInput } from "../../machine/index.ts"
import { E2BIG, EAFNOSUPPORT, EINVAL, ENOSPC, ERANGE } from "../errno.ts"
import type { Run, Runnable } from "../run.ts"
import { isZero, type Ran, sized } from "./ran.ts"

/** Bytes of `struct bpf_sk_lookup`, and offsets in it. Source: include/uapi/linux/bpf.h. */
const LOOKUP = 72
const SOCKET = 0
const FAMILY = 8
const IPV4 = [16, 40] as const
const IPV6 = [20, 44] as const
const LOCAL_PORT = 60
const INGRESS_DEVICE = 64

const AF_INET = 2
const AF_INET6 = 10
const SK_PASS = 1

/**
 * A program that chooses the socket for a connection or datagram, which is the context. What it leaves has the cookie of the socket that was chosen, 0 for
 * none; a packet for which one was chosen passes. Source: `bpf_prog_test_run_sk_lookup`.
 */
export function onLookup(run: Run, program: Runnable, { data, context, repeat = 1 }: TestRunInput): Ran | number {
  if (data !== undefined || context === undefined) return -EINVAL
  const given = sized(context, LOOKUP)
  if (given === undefined) return -E2BIG
  if (!isZero(given, SOCKET, FAMILY) || !isZero(given, INGRESS_DEVICE)) return -EINVAL
  const view = new DataView(given.buffer)
  if (view.getUint32(LOCAL_PORT, true) > 0xffff) return -ERANGE
  const family = view.getUint16(FAMILY, true)
  if (family !== AF_INET && family !== AF_INET6) return -EAFNOSUPPORT
  const { memory, environment } = run
  const address = memory.allocate(LOOKUP, "the context")
  try {
    // Addresses of the other family read as zeros.
    const seen = given.slice()
    for (const offset of family === AF_INET ? IPV6 : IPV4) seen.fill(0, offset, offset + (family === AF_INET ? 16 : 4))
    run.packet = undefined
    let retval = 0
    for (let i = 0; i < Math.max(1, repeat); i++) {
      memory.u8.set(seen, address)
      retval = run.start(program, address) >>> 0
    }
    const chosen = memory.view.getUint32(address + SOCKET, true)
    const socket = chosen === 0 ? undefined : environment.network.socketAt(memory, chosen)
    if (context.length < LOOKUP) return -ENOSPC
    view.setBigUint64(SOCKET, socket?.cookie ?? 0n, true)
    return { retval: socket !== undefined ? SK_PASS : retval, data: new Uint8Array(0), context: given }
  } finally {
    memory.free(address)
  }
}
