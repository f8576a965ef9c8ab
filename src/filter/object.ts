import type { BpfObject, ProgramType } from "../object/index.ts"
import { toExtended } from "./convert.ts"
import type { ClassicInsn } from "./insn.ts"

/** How {@link filterObject} makes an object of a filter. */
export interface FilterObjectOptions {
  /** Name of the program; `filter` without it. */
  readonly name?: string
  /** Type of the program; `socket_filter` without it. */
  readonly type?: ProgramType
}

/**
 * An object with one program, the filter as extended BPF: `BPF.load({ object })` takes it, and `attachRawSocket` or
 * `attachSocketFilter` attach it. @throws SkepError FILTER_INVALID, FILTER_NO_FIELD
 */
export function filterObject(insns: readonly ClassicInsn[], options: FilterObjectOptions = {}): BpfObject {
  const { name = "filter", type = "socket_filter" } = options
  const program = {
    name,
    section: "socket",
    type,
    insns: toExtended(insns),
    relocations: [],
    core: [],
    btfId: 0,
    lineInfo: [],
    linkage: "global",
  } as const
  return {
    name,
    license: "GPL",
    programs: [program],
    functions: [],
    maps: [],
    btf: new Uint8Array(0),
    lines: [],
  }
}
