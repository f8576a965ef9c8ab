import { attachTypes } from "../../isa/index.ts"
import type { Direction } from "../../machine/index.ts"
import { attr, BPF_PROG_QUERY, fdById } from "../bpf/index.ts"
import { programInfo } from "../info/programInfo.ts"
import { closeFd, EINVAL } from "../raw/index.ts"

/** Most programs that a direction of a device can have (`BPF_MPROG_MAX`). */
const MAX_PROGRAMS = 64

/** Ids of the programs that are linked to a device, in the order in which they run; −errno. Linux 6.6. */
function tcxQuery(index: number, direction: Direction): readonly number[] | number {
  const ids = new Uint32Array(MAX_PROGRAMS)
  const query = attr()
    .u32(0, index)
    .u32(4, attachTypes.number(`tcx_${direction}`) as number)
  query.ptr(16, new Uint8Array(ids.buffer)).u32(24, ids.length)
  const result = query.call(BPF_PROG_QUERY)
  return result < 0 ? result : [...ids.subarray(0, query.read(24))]
}

let tcx: boolean | undefined

/** Whether programs can be linked to traffic control (Linux 6.6): a kernel that cannot does not know what it is asked. */
export function hasTcx(): boolean {
  tcx ??= tcxQuery(0x7fff_ffff, "ingress") !== -EINVAL
  return tcx
}

/** Id and name of the programs that are linked to a device. */
export function tcxPrograms(index: number, direction: Direction): { id: number; name: string }[] {
  const ids = tcxQuery(index, direction)
  return typeof ids === "number" ? [] : ids.map(id => ({ id, name: programName(id) }))
}

/** Empty for a program that is gone meanwhile. */
function programName(id: number): string {
  const fd = fdById("program", id)
  if (fd < 0) return ""
  try {
    return programInfo(fd).name
  } finally {
    closeFd(fd)
  }
}
