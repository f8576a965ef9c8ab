import * as a from "./attr.ts"

/** `enum bpf_attach_type`. Source: Linux include/uapi/linux/bpf.h. */
const BPF_PERF_EVENT = 41
const BPF_TRACE_UPROBE_MULTI = 48
const BPF_F_UPROBE_MULTI_RETURN = 1

/** Runs a program on a perf event, with a number that the program can ask for; a link's descriptor, or −errno. Linux 5.15. */
export function linkPerfEvent(programFd: number, eventFd: number, cookie: bigint): number {
  const attr = a.attr().u32(0, programFd).u32(4, eventFd).u32(8, BPF_PERF_EVENT)
  return attr.big(16, cookie).call(a.BPF_LINK_CREATE)
}

/** Places in one file. */
export interface UprobeMulti {
  readonly path: string
  /** Bytes of the file. */
  readonly offsets: readonly number[]
  /** Of the counters that the kernel raises while a place is watched; 0 for a place without one. */
  readonly counters?: readonly number[]
  readonly cookies?: readonly bigint[]
  readonly pid?: number
  readonly ret: boolean
}

/** Runs a program at many places of a file at once; a link's descriptor, or −errno. Linux 6.6. */
export function linkUprobeMulti(programFd: number, multi: UprobeMulti): number {
  const words = (values: readonly (number | bigint)[] | undefined): Uint8Array | undefined =>
    values && new Uint8Array(BigUint64Array.from(values, BigInt).buffer)
  return a
    .attr()
    .u32(0, programFd)
    .u32(8, BPF_TRACE_UPROBE_MULTI)
    .ptr(16, a.cString(multi.path))
    .ptr(24, words(multi.offsets))
    .ptr(32, words(multi.counters))
    .ptr(40, words(multi.cookies))
    .u32(48, multi.offsets.length)
    .u32(52, multi.ret ? BPF_F_UPROBE_MULTI_RETURN : 0)
    .u32(56, multi.pid ?? 0)
    .call(a.BPF_LINK_CREATE)
}
