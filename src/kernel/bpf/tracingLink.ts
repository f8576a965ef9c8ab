import * as a from "./attr.ts"

// `enum bpf_attach_type`, flags. Source: Linux include/uapi/linux/bpf.h.
const BPF_TRACE_KPROBE_MULTI = 42
const BPF_F_KPROBE_MULTI_RETURN = 1

/** Functions of the kernel, by names or by addresses. */
export interface KprobeMulti {
  readonly names?: readonly string[]
  readonly addresses?: readonly bigint[]
  readonly cookies?: readonly bigint[]
  readonly ret: boolean
}

/** Runs a program at many functions at once; a link's descriptor, or −errno. Linux 5.18. */
export function kprobeMultiCreate(programFd: number, { names, addresses, cookies, ret }: KprobeMulti): number {
  const words = (values: readonly bigint[] | undefined): Uint8Array | undefined =>
    values && new Uint8Array(BigUint64Array.from(values).buffer)
  const attr = a.attr().u32(0, programFd).u32(8, BPF_TRACE_KPROBE_MULTI)
  attr.u32(16, ret ? BPF_F_KPROBE_MULTI_RETURN : 0).u32(20, (names ?? addresses ?? []).length)
  if (names !== undefined) attr.ptr(24, attr.pointers(names.map(a.cString)))
  return attr.ptr(32, words(addresses)).ptr(40, words(cookies)).call(a.BPF_LINK_CREATE)
}

/**
 * Attaches a program to the function or tracepoint that it was loaded for, with a number that it can ask for; a link's descriptor, or −errno.
 * `attachType` is the number that it was loaded with. Linux 5.19.
 */
export function traceLinkCreate(programFd: number, attachType: number, cookie: bigint): number {
  return a.attr().u32(0, programFd).u32(8, attachType).big(24, cookie).call(a.BPF_LINK_CREATE)
}

/** What an iterator is about; `union bpf_iter_link_info` by its 16 bytes. A link's descriptor, or −errno. Linux 5.8. */
export function iterLinkCreate(programFd: number, attachType: number, info: Uint8Array | undefined): number {
  const attr = a.attr().u32(0, programFd).u32(8, attachType)
  if (info !== undefined) attr.ptr(16, info).u32(24, info.length)
  return attr.call(a.BPF_LINK_CREATE)
}
