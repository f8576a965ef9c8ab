import { findMember } from "../../btf/index.ts"
import { runningBtf } from "../../kernel/index.ts"

/**
 * Whether a struct or union of the running kernel has a member, by the kernel's BTF (Linux 5.4). Members of anonymous structs count, and a path goes
 * into members that are structs: `kernelStructHasField("task_struct", "thread_info.cpu")`. False where there is no such struct.
 *
 *     const state = kernelStructHasField("task_struct", "__state") ? "__state" : "state"
 *
 * A program of skep needs it seldom: `bpf_core_field_exists` asks the same when the program is loaded.
 * @throws SkepError KERNEL_NO_BTF
 */
export function kernelStructHasField(struct: string, field: string): boolean {
  const btf = runningBtf()
  return btf.findAll(struct.replace(/^(struct|union)\s+/, ""), "struct", "union").some(record => {
    let type = record
    for (const name of field.split(".")) {
      const member = findMember(btf, type, name)
      if (member === undefined) return false
      type = member.type
    }
    return true
  })
}

/**
 * Whether an enumeration of the running kernel has an enumerator, by the kernel's BTF (Linux 5.4): `kernelEnumHasValue("tcp_ca_state",
 * "TCP_CA_Loss")`. False where there is no such enumeration. @throws SkepError KERNEL_NO_BTF
 */
export function kernelEnumHasValue(enumeration: string, value: string): boolean {
  const btf = runningBtf()
  return btf.findAll(enumeration.replace(/^enum\s+/, ""), "enum", "enum64").some(id => {
    const type = btf.type(id)
    return (type.kind === "enum" || type.kind === "enum64") && type.values.some(({ name }) => name === value)
  })
}
