import type { Core } from "../core.ts"
import type { Redirect } from "../packet/redirect.ts"
import type { Runnable } from "../run.ts"

/** Where XDP sends a packet. */
export interface XdpTarget {
  /** Number of a device; undefined where the packet goes to a CPU. */
  readonly device?: number
  readonly cpu?: number
  /** What runs on the packet there first. */
  readonly program?: Runnable
}

/** Flags of `bpf_redirect_map`: all devices of the map, but not the one that the packet came by. */
const BROADCAST = 8
const EXCLUDE_INGRESS = 16

/** Where a packet goes that an XDP program redirects. Sockets of AF_XDP are in no map of this machine. */
export function targetsOf(core: Core, { target, map, flags }: Redirect, ingress: number): XdpTarget[] {
  if (map === undefined) return [{ device: target }]
  const keys = (flags & BROADCAST) === 0 ? [target] : map.targets()
  const found = keys.flatMap((key): XdpTarget[] => {
    const [first, programHandle] = map.targetPair(key)
    if (first === 0) return []
    const handled = programHandle === 0 ? undefined : core.handled(programHandle)
    const program = handled?.kind === "program" ? handled : undefined
    return map.type === "cpumap" ? [{ cpu: key, program }] : [{ device: first, program }]
  })
  return (flags & EXCLUDE_INGRESS) === 0 ? found : found.filter(({ device }) => device !== ingress)
}
