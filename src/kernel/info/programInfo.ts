import type { ProgramInfo } from "../../machine/index.ts"
import { objInfo } from "../bpf/index.ts"
import { callFailed } from "../host/index.ts"
import { sys } from "../raw/index.ts"

/** `sizeof(struct bpf_prog_info)` of Linux 6.18, rounded up; a shorter one of an older kernel leaves the rest zero. */
const SIZE = 256
/** Most maps that a program can use (`MAX_USED_MAPS`). */
const MAX_MAPS = 64

/**
 * Asks the kernel about a program by its descriptor.
 *
 *     0 type, id; 8 tag[8]; 16 jited length, 20 xlated length; 40 load time; 48 uid, 52 number of maps, 56 their ids;
 *     64 name[16]; 84 GPL; 128 btf id; 192 run time, 200 runs, 208 recursion misses; 216 verified instructions
 */
export function programInfo(fd: number): ProgramInfo & { readonly type: number } {
  const bytes = new Uint8Array(SIZE)
  const view = new DataView(bytes.buffer)
  const maps = new Uint32Array(MAX_MAPS)
  view.setUint32(52, MAX_MAPS, true)
  view.setBigUint64(56, BigInt(sys().address(new Uint8Array(maps.buffer))), true)
  const result = objInfo(fd, bytes)
  if (result < 0)
    throw callFailed("asking about a program", -result, { hint: "programs tell about themselves since Linux 4.13" })
  const u32 = (offset: number): number => view.getUint32(offset, true)
  const u64 = (offset: number): number => Number(view.getBigUint64(offset, true))
  return {
    type: u32(0),
    id: u32(4),
    tag: Buffer.from(bytes.subarray(8, 16)).toString("hex"),
    jitedSize: u32(16),
    xlatedSize: u32(20),
    loadTime: u64(40),
    uid: u32(48),
    mapIds: [...maps.subarray(0, Math.min(u32(52), MAX_MAPS))],
    name: nameOf(bytes.subarray(64, 80)),
    gplCompatible: (u32(84) & 1) === 1,
    btfId: u32(128),
    runTime: u64(192),
    runCount: u64(200),
    recursionMisses: u64(208),
    verifiedInstructions: u32(216),
  }
}

/** A name of a program or map: at most 15 bytes and a zero. */
export function nameOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
}
