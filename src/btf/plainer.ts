import { joinSections } from "./builder.ts"
import { wordBytes } from "./datasec.ts"
import { BTF_KIND, BTF_LINKAGES } from "./format.ts"
import { parseHeader } from "./header.ts"
import { scanTypes } from "./scan.ts"

/** Kernel versions that brought something to BTF, the newest first, and what it was. Source: the kernel's history of kernel/bpf/btf.c. */
const STEPS = [
  { since: "6.0", has: "enumerators of 64 bits, and signed ones" },
  { since: "5.17", has: "type tags" },
  { since: "5.16", has: "declaration tags" },
  { since: "5.13", has: "floating point" },
  { since: "5.6", has: "linkage of functions" },
  { since: "5.2", has: "variables and sections" },
  { since: "5.0", has: "functions" },
] as const

export type BtfSince = (typeof STEPS)[number]["since"]

/** The kernel versions whose additions {@link plainerBtf} leaves out, the newest first. */
export const BTF_VERSIONS: readonly BtfSince[] = STEPS.map(({ since }) => since)

const KIND_FLAG = 0x8000_0000
const STATIC = BTF_LINKAGES.indexOf("static")
const EMPTY = [0, BTF_KIND.struct << 24, 0]
/** Kinds that older kernels refuse, by the version that brought them, where an empty struct does in their place: nothing is laid out by them. */
const DROPPED: Readonly<Partial<Record<BtfSince, readonly number[]>>> = {
  "5.16": [BTF_KIND.decl_tag],
  "5.2": [BTF_KIND.var, BTF_KIND.datasec],
  "5.0": [BTF_KIND.func, BTF_KIND.func_proto],
}

/**
 * Types as a kernel takes them that is older than a version: what that version and later ones brought becomes what older kernels know, with the same
 * sizes, under the same ids.
 *
 *     6.0     ENUM64 e, 8 bytes         INT e, 64 bits
 *     5.17    TYPE_TAG "rcu" → 7        CONST → 7
 *     5.16    DECL_TAG                  STRUCT without a name, 0 bytes
 *     5.13    FLOAT double              STRUCT without a name, 8 bytes without members
 *     5.6     FUNC f, global            FUNC f, static
 *     5.2     VAR, DATASEC              STRUCT without a name, 0 bytes
 *     5.0     FUNC, FUNC_PROTO          STRUCT without a name, 0 bytes
 *
 * @throws SkepError as `Btf.parse` does
 */
export function plainerBtf(bytes: Uint8Array, before: BtfSince): Uint8Array {
  const { littleEndian, words, strings } = parseHeader(bytes)
  const { count, start } = scanTypes(words)
  const versions = BTF_VERSIONS.slice(0, BTF_VERSIONS.indexOf(before) + 1)
  const dropped = new Set(versions.flatMap(version => DROPPED[version] ?? []))
  const lacks = (version: BtfSince): boolean => versions.includes(version)
  const out: number[] = []
  for (let id = 1; id <= count; id++) {
    const at = start[id - 1]
    const all = [...words.subarray(at, id < count ? start[id] : words.length)]
    const [name, info, sizeOrType] = all
    const kind = (info >>> 24) & 31
    if (dropped.has(kind)) out.push(...EMPTY)
    else if (kind === BTF_KIND.enum64 && lacks("6.0")) {
      out.push(name, BTF_KIND.int << 24, sizeOrType, sizeOrType * 8)
    } else if (kind === BTF_KIND.enum && lacks("6.0")) out.push(name, (info & ~KIND_FLAG) >>> 0, ...all.slice(2))
    else if (kind === BTF_KIND.type_tag && lacks("5.17")) out.push(0, BTF_KIND.const << 24, sizeOrType)
    else if (kind === BTF_KIND.float && lacks("5.13")) out.push(0, BTF_KIND.struct << 24, sizeOrType)
    else if (kind === BTF_KIND.func && lacks("5.6")) out.push(name, ((BTF_KIND.func << 24) | STATIC) >>> 0, sizeOrType)
    else out.push(...all)
  }
  return joinSections(wordBytes(out, littleEndian), strings, littleEndian)
}
