import * as a from "./attr.ts"
import { watcher } from "./watch.ts"

/** Loads type information; its descriptor, or −errno. Linux 4.18. */
export function btfLoad(btf: Uint8Array, log?: Uint8Array): number {
  const attr = a.attr().ptr(0, btf).u32(16, btf.length)
  if (log !== undefined) attr.ptr(8, log).u32(20, log.length).u32(24, 1)
  const result = attr.call(a.BPF_BTF_LOAD)
  watcher?.btfLoaded(result, btf)
  return result
}

/** Pins an object at a path of the BPF file system. */
export function objPin(fd: number, path: string): number {
  return a.attr().ptr(0, a.cString(path)).u32(8, fd).call(a.BPF_OBJ_PIN)
}

/** Opens what is pinned at a path; a descriptor, or −errno. */
export function objGet(path: string): number {
  return a.attr().ptr(0, a.cString(path)).call(a.BPF_OBJ_GET)
}

/** Fills `info` (a `struct bpf_map_info`, `bpf_prog_info`, …); the bytes the kernel has written, or −errno. Linux 4.13. */
export function objInfo(fd: number, info: Uint8Array): number {
  const attr = a.attr().u32(0, fd).u32(4, info.length).ptr(8, info)
  const result = attr.call(a.BPF_OBJ_GET_INFO_BY_FD)
  return result < 0 ? result : attr.read(4)
}

/** What the kernel numbers. */
export type Numbered = "program" | "map" | "types" | "link"

const NEXT_ID = {
  program: a.BPF_PROG_GET_NEXT_ID,
  map: a.BPF_MAP_GET_NEXT_ID,
  types: a.BPF_BTF_GET_NEXT_ID,
  link: a.BPF_LINK_GET_NEXT_ID,
}
const FD_BY_ID = {
  program: a.BPF_PROG_GET_FD_BY_ID,
  map: a.BPF_MAP_GET_FD_BY_ID,
  types: a.BPF_BTF_GET_FD_BY_ID,
  link: a.BPF_LINK_GET_FD_BY_ID,
}

/** Smallest id above `id` of a program, map or type information in the kernel; −ENOENT after the last. Linux 4.13, types 5.4, links 5.8. */
export function nextId(kind: Numbered, id: number): number {
  const attr = a.attr().u32(0, id)
  const result = attr.call(NEXT_ID[kind])
  return result < 0 ? result : attr.read(4)
}

/** A descriptor of what has an id, or −errno. Linux 4.13. */
export function fdById(kind: Numbered, id: number): number {
  return a.attr().u32(0, id).call(FD_BY_ID[kind])
}

/**
 * Attaches a program to a raw tracepoint; without a name to what it was loaded for (fentry, fexit, LSM, a BTF
 * tracepoint). A descriptor that holds the attachment, or −errno. Linux 4.17, with a cookie 6.10.
 */
export function rawTracepointOpen(name: string | undefined, programFd: number, cookie = 0n): number {
  return a
    .attr()
    .ptr(0, name === undefined ? undefined : a.cString(name))
    .u32(8, programFd)
    .big(16, cookie)
    .call(a.BPF_RAW_TRACEPOINT_OPEN)
}

/**
 * Makes a link; a descriptor, or −errno. `words` are the 32-bit words that a kind of link takes besides: those of its member of the union
 * behind the flags. Linux 5.7.
 */
export function linkCreate(
  programFd: number,
  targetFd: number,
  attachType: number,
  flags = 0,
  words: readonly number[] = [],
): number {
  const attr = a.attr().u32(0, programFd).u32(4, targetFd).u32(8, attachType).u32(12, flags)
  for (const [i, word] of words.entries()) attr.u32(16 + 4 * i, word)
  return attr.call(a.BPF_LINK_CREATE)
}

/** A descriptor to read an iterator's output from, by its link; or −errno. Linux 5.8. */
export function iterCreate(linkFd: number): number {
  return a.attr().u32(0, linkFd).call(a.BPF_ITER_CREATE)
}
