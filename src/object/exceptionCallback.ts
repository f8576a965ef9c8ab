import { Btf } from "../btf/index.ts"
import type { BpfObject, ProgramSpec } from "./object.ts"

const TAG = "exception_callback:"

/**
 * The function that runs when a program ends by `bpf_throw` (kernel 6.7): the one that a declaration tag of the program names. Nothing calls it, so
 * that only the tag tells that it belongs to the program.
 */
export function exceptionCallback(program: ProgramSpec, { btf: bytes }: BpfObject): string | undefined {
  if (program.btfId === 0 || !new TextDecoder("latin1").decode(bytes).includes(TAG)) return undefined
  const btf = Btf.parse(bytes)
  for (const id of btf.ids("decl_tag")) {
    const tag = btf.type(id)
    if (tag.kind !== "decl_tag" || tag.type !== program.btfId || tag.component !== -1) continue
    if (tag.name.startsWith(TAG)) return tag.name.slice(TAG.length)
  }
  return undefined
}
