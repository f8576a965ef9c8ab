import { joinSections } from "./builder.ts"
import { wordBytes } from "./datasec.ts"
import { BTF_KIND, BTF_LINKAGES } from "./format.ts"
import { parseHeader } from "./header.ts"
import { scanTypes } from "./scan.ts"
import { StringTable } from "./strings.ts"

/** Sections that a loader reads: nothing in them is the program's own. */
const DECLARATIONS = [".maps", ".ksyms", ".kconfig"]
/** Kernels before 6.9 take no question mark in a name, and have no use for such a section. */
const isDeclared = (section: string): boolean => DECLARATIONS.includes(section) || section.startsWith("?")
const EXTERN = BTF_LINKAGES.indexOf("extern")
const STATIC = BTF_LINKAGES.indexOf("static")

/**
 * Types of an object file as a kernel takes them: declarations of what is not in the program (maps, variables and
 * functions of the kernel) become empty structs, which keeps the ids of all others, and functions that the loader
 * treats as static are static.
 *
 *     FUNC bpf_rcu_read_lock, extern          STRUCT without a name, 0 bytes
 *     DATASEC .ksyms                     →    STRUCT without a name, 0 bytes
 *     FUNC helper, global (hidden)            FUNC helper, static
 *
 * @throws SkepError as `Btf.parse` does
 */
export function acceptableBtf(bytes: Uint8Array, staticFunctions: ReadonlySet<number> = new Set()): Uint8Array {
  const { littleEndian, words, strings } = parseHeader(bytes)
  const { count, start } = scanTypes(words)
  const names = new StringTable(strings, 0)
  const kindOf = (id: number): number => (words[start[id - 1] + 1] >>> 24) & 31
  const dropped = new Set<number>()
  for (let id = 1; id <= count; id++) {
    const at = start[id - 1]
    const kind = kindOf(id)
    const isExtern =
      (kind === BTF_KIND.func && (words[at + 1] & 0xffff) === EXTERN) ||
      (kind === BTF_KIND.var && words[at + 3] === EXTERN)
    const isDeclaration = kind === BTF_KIND.datasec && (words[at + 2] === 0 || isDeclared(names.get(words[at])))
    if (isExtern || isDeclaration) dropped.add(id)
  }
  const out: number[] = []
  for (let id = 1; id <= count; id++) {
    const at = start[id - 1]
    const end = id < count ? start[id] : words.length
    const kind = kindOf(id)
    if (dropped.has(id) || (kind === BTF_KIND.decl_tag && dropped.has(words[at + 2]))) {
      out.push(0, BTF_KIND.struct << 24, 0)
      continue
    }
    const from = out.length
    for (let i = at; i < end; i++) out.push(words[i])
    if (kind === BTF_KIND.func && staticFunctions.has(id)) out[from + 1] = ((BTF_KIND.func << 24) | STATIC) >>> 0
  }
  return joinSections(wordBytes(out, littleEndian), strings, littleEndian)
}
