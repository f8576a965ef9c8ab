import { KERNEL } from "../address.ts"
import type { Core } from "../core.ts"
import { AF_INET, AF_INET6, type Ends, type VmSocket } from "../packet/socket.ts"
import type { Placed } from "../places.ts"
import type { VmProgram } from "../program.ts"

/** Bytes of `struct bpf_sk_lookup`. Source: include/uapi/linux/bpf.h. */
const LOOKUP = 72
const SK_PASS = 1

/** Programs that choose the socket for a connection or datagram, in the order in which they are asked. */
export class LookupHooks {
  readonly programs: VmProgram[] = []

  attach(program: VmProgram): Placed {
    this.programs.push(program)
    return {
      place: "sk_lookup",
      method: "link",
      detach: () => void this.programs.splice(this.programs.indexOf(program), 1),
    }
  }
}

/** Asks a program for the socket of a packet: whether the lookup goes on, and the socket that it chose. `run` runs it on a context. */
export function lookUp(
  { memory, environment }: Core,
  { protocol, ends }: { readonly protocol: number; readonly ends: Ends },
  device: number,
  run: (context: number) => number,
): { readonly passes: boolean; readonly chosen: VmSocket | undefined } {
  const at = memory.allocate(LOOKUP, "the context")
  try {
    const { view, u8 } = memory
    const isIpv4 = ends.source.length === 4
    view.setUint32(at + 8, isIpv4 ? AF_INET : AF_INET6, true)
    view.setUint32(at + 12, protocol, true)
    u8.set(ends.source, at + (isIpv4 ? 16 : 20))
    view.setUint16(at + 36, ends.sourcePort, false)
    u8.set(ends.destination, at + (isIpv4 ? 40 : 44))
    view.setUint32(at + 60, ends.destinationPort, true)
    view.setUint32(at + 64, device, true)
    const passes = run(at) === SK_PASS
    const chosen = memory.view.getUint32(at, true)
    const isOwn = memory.view.getInt32(at + 4, true) === KERNEL
    return { passes, chosen: passes && isOwn ? environment.network.socketAt(memory, chosen) : undefined }
  } finally {
    memory.free(at)
  }
}
