import { badBtf } from "./error.ts"
import { BTF_INT_BOOL, BTF_INT_CHAR, BTF_INT_SIGNED, BTF_KIND, BTF_LINKAGES, type BtfLinkage } from "./format.ts"
import type { BtfEnumerator, BtfMember, BtfParam, BtfSectionVar, BtfType } from "./types.ts"

/** What {@link decodeType} reads from. */
export interface TypeSource {
  /** The type section as 32-bit words in the byte order of this machine. */
  readonly words: Uint32Array
  string(offset: number): string
}

/**
 * Decodes the type whose header starts at word `at`. The caller has checked that the type lies inside the section.
 *
 *     int                    1 word: encoding, bit offset, bits
 *     array                  3 words: type, index type, count
 *     struct, union          vlen × (name_off, type, offset); with kind_flag, offset = width:8 | bit offset:24
 *     enum                   vlen × (name_off, value); kind_flag: signed
 *     enum64                 vlen × (name_off, low word, high word); kind_flag: signed
 *     func_proto             vlen × (name_off, type); a last one of 0, 0 is `...`
 *     var                    1 word: linkage
 *     datasec                vlen × (type, offset, size)
 *     decl_tag               1 word: component
 *
 * @throws SkepError BTF_BAD_STRING, BTF_BAD_KIND, BTF_BAD_LINKAGE
 */
export function decodeType(source: TypeSource, at: number): BtfType {
  const { words } = source
  const info = words[at + 1]
  const third = words[at + 2]
  const vlen = info & 0xffff
  const flag = info >>> 31 === 1
  const name = source.string(words[at])
  const extra = at + 3
  switch ((info >>> 24) & 31) {
    case BTF_KIND.int: {
      const data = words[extra]
      const encoding = (data >>> 24) & 15
      return {
        kind: "int",
        name,
        size: third,
        bits: data & 0xff,
        bitOffset: (data >>> 16) & 0xff,
        signed: (encoding & BTF_INT_SIGNED) !== 0,
        char: (encoding & BTF_INT_CHAR) !== 0,
        bool: (encoding & BTF_INT_BOOL) !== 0,
      }
    }
    case BTF_KIND.ptr:
      return { kind: "ptr", name: "", type: third }
    case BTF_KIND.array:
      return {
        kind: "array",
        name: "",
        type: words[extra],
        indexType: words[extra + 1],
        count: words[extra + 2],
      }
    case BTF_KIND.struct:
      return { kind: "struct", name, size: third, members: members(source, extra, vlen, flag) }
    case BTF_KIND.union:
      return { kind: "union", name, size: third, members: members(source, extra, vlen, flag) }
    case BTF_KIND.enum:
      return { kind: "enum", name, size: third, signed: flag, values: enumerators(source, extra, vlen, flag) }
    case BTF_KIND.enum64:
      return { kind: "enum64", name, size: third, signed: flag, values: enumerators64(source, extra, vlen, flag) }
    case BTF_KIND.fwd:
      return { kind: "fwd", name, union: flag }
    case BTF_KIND.typedef:
      return { kind: "typedef", name, type: third }
    case BTF_KIND.volatile:
      return { kind: "volatile", name: "", type: third }
    case BTF_KIND.const:
      return { kind: "const", name: "", type: third }
    case BTF_KIND.restrict:
      return { kind: "restrict", name: "", type: third }
    case BTF_KIND.func:
      return { kind: "func", name, type: third, linkage: linkage(vlen, name) }
    case BTF_KIND.func_proto: {
      const params = parameters(source, extra, vlen)
      const last = params.at(-1)
      const variadic = last !== undefined && last.name === "" && last.type === 0
      if (variadic) params.pop()
      return { kind: "func_proto", name: "", type: third, params, variadic }
    }
    case BTF_KIND.var:
      return { kind: "var", name, type: third, linkage: linkage(words[extra], name) }
    case BTF_KIND.datasec:
      return { kind: "datasec", name, size: third, vars: sectionVars(words, extra, vlen) }
    case BTF_KIND.float:
      return { kind: "float", name, size: third }
    case BTF_KIND.decl_tag:
      return { kind: "decl_tag", name, type: third, component: words[extra] | 0, attribute: flag }
    case BTF_KIND.type_tag:
      return { kind: "type_tag", name, type: third, attribute: flag }
    default:
      throw badBtf("BTF_BAD_KIND", `BTF type kind ${(info >>> 24) & 31} is not known`)
  }
}

function members(source: TypeSource, at: number, count: number, bitFields: boolean): BtfMember[] {
  const { words } = source
  const out: BtfMember[] = new Array(count)
  for (let i = 0; i < count; i++, at += 3) {
    const offset = words[at + 2]
    out[i] = {
      name: source.string(words[at]),
      type: words[at + 1],
      bitOffset: bitFields ? offset & 0xffffff : offset,
      bitSize: bitFields ? offset >>> 24 : 0,
    }
  }
  return out
}

function enumerators(source: TypeSource, at: number, count: number, signed: boolean): BtfEnumerator<number>[] {
  const { words } = source
  const out: BtfEnumerator<number>[] = new Array(count)
  for (let i = 0; i < count; i++, at += 2) {
    out[i] = { name: source.string(words[at]), value: signed ? words[at + 1] | 0 : words[at + 1] }
  }
  return out
}

function enumerators64(source: TypeSource, at: number, count: number, signed: boolean): BtfEnumerator<bigint>[] {
  const { words } = source
  const out: BtfEnumerator<bigint>[] = new Array(count)
  for (let i = 0; i < count; i++, at += 3) {
    out[i] = { name: source.string(words[at]), value: join64(words[at + 1], words[at + 2], signed) }
  }
  return out
}

/** A 64-bit value from its low and high words. */
export function join64(low: number, high: number, signed: boolean): bigint {
  return (BigInt(signed ? high | 0 : high) << 32n) | BigInt(low)
}

function parameters(source: TypeSource, at: number, count: number): BtfParam[] {
  const { words } = source
  const out: BtfParam[] = new Array(count)
  for (let i = 0; i < count; i++, at += 2) out[i] = { name: source.string(words[at]), type: words[at + 1] }
  return out
}

function sectionVars(words: Uint32Array, at: number, count: number): BtfSectionVar[] {
  const out: BtfSectionVar[] = new Array(count)
  for (let i = 0; i < count; i++, at += 3) {
    out[i] = { type: words[at], offset: words[at + 1], size: words[at + 2] }
  }
  return out
}

function linkage(number: number, name: string): BtfLinkage {
  const found = BTF_LINKAGES[number]
  if (found === undefined) throw badBtf("BTF_BAD_LINKAGE", `"${name}" has linkage ${number}, which BTF does not define`)
  return found
}
