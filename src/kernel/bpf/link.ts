import * as a from "./attr.ts"

/** Puts another program into a link; 0, or −errno. Linux 5.7. */
export function linkUpdate(linkFd: number, programFd: number): number {
  return a.attr().u32(0, linkFd).u32(4, programFd).call(a.BPF_LINK_UPDATE)
}

/** Ends a link's attachment while descriptors and pins of it stay; 0, or −errno: few kinds can. Linux 5.9. */
export function linkDetach(linkFd: number): number {
  return a.attr().u32(0, linkFd).call(a.BPF_LINK_DETACH)
}

/** Arguments of BPF_PROG_ATTACH and BPF_PROG_DETACH. */
export interface ProgAttach {
  /** Descriptor of what is attached to: a cgroup's folder, a map of sockets, … */
  readonly targetFd: number
  readonly programFd: number
  /** `enum bpf_attach_type`. */
  readonly attachType: number
  /** BPF_F_ALLOW_OVERRIDE 1, BPF_F_ALLOW_MULTI 2, BPF_F_REPLACE 4. */
  readonly flags?: number
  /** Descriptor of the program that is replaced, with BPF_F_REPLACE. Linux 5.6. */
  readonly replaceFd?: number
}

/** Attaches without a link: it lasts until it is undone, or the target goes away. 0, or −errno. Linux 4.10. */
export function progAttach(attach: ProgAttach): number {
  const { targetFd, programFd, attachType, flags = 0, replaceFd = 0 } = attach
  const attr = a.attr().u32(0, targetFd).u32(4, programFd).u32(8, attachType).u32(12, flags).u32(16, replaceFd)
  return attr.call(a.BPF_PROG_ATTACH)
}

/** Undoes {@link progAttach}; 0, or −errno. */
export function progDetach({ targetFd, programFd, attachType }: ProgAttach): number {
  return a.attr().u32(0, targetFd).u32(4, programFd).u32(8, attachType).call(a.BPF_PROG_DETACH)
}

/** Most programs that one place of a cgroup can have (`BPF_CGROUP_MAX_PROGS`). */
const MAX_PROGRAMS = 64

/** Ids of the programs that are attached to a target; −errno when it cannot be asked. Linux 4.15. */
export function progQuery(targetFd: number, attachType: number): readonly number[] | number {
  const ids = new Uint32Array(MAX_PROGRAMS)
  const attr = a.attr().u32(0, targetFd).u32(4, attachType)
  attr.ptr(16, new Uint8Array(ids.buffer)).u32(24, ids.length)
  const result = attr.call(a.BPF_PROG_QUERY)
  return result < 0 ? result : [...ids.subarray(0, attr.read(24))]
}

/** Makes the kernel count runs of programs and their time until the descriptor is closed; or −errno. Linux 5.8. */
export function enableStats(): number {
  // BPF_STATS_RUN_TIME is 0.
  return a.attr().call(a.BPF_ENABLE_STATS)
}
