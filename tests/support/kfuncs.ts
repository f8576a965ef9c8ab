import type { Btf } from "../../src/btf/index.ts"

/** The functions that the kernel's BTF marks as callable, by name. */
export function kfuncsOf(btf: Btf): Map<string, number> {
  const found = new Map<string, number>()
  for (const id of btf.ids("decl_tag")) {
    const tag = btf.type(id)
    if (tag.kind === "decl_tag" && tag.name === "bpf_kfunc") found.set(btf.name(tag.type), tag.type)
  }
  return found
}
