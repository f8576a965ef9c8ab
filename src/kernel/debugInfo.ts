import { SkepError } from "../base/index.ts"
import type { BpfObject, SourceLine } from "../object/index.ts"
import type { Image } from "./image.ts"

/** Offset of the strings of a source line in the object's BTF. */
interface LineStrings {
  readonly file: number
  readonly text: number
}

/** An object's type information as the kernel gets it: with the source lines' texts among its strings. */
export interface LoadableBtf {
  readonly bytes: Uint8Array
  readonly lines: readonly LineStrings[]
}

const HEADER = 24

/**
 * Appends the source lines to the string section of an object's BTF; undefined when the object has none.
 *
 *     struct btf_header { u16 magic; u8 version, flags; u32 hdr_len, type_off, type_len, str_off, str_len }
 *
 * The string section comes last in what skep's writer and other compilers make; another order is refused.
 */
export function loadableBtf(object: BpfObject): LoadableBtf | undefined {
  const { btf, lines } = object
  if (btf.length === 0) return undefined
  const header = new DataView(btf.buffer, btf.byteOffset, btf.byteLength)
  if (btf.length < HEADER || header.getUint16(0, true) !== 0xeb9f) throw badBtf("it has no header")
  const strings = header.getUint32(4, true) + header.getUint32(16, true)
  const size = header.getUint32(20, true)
  const types = header.getUint32(4, true) + header.getUint32(8, true) + header.getUint32(12, true)
  if (strings < types || strings + size > btf.length) throw badBtf("its string section is not the last one")

  const text = new TextEncoder()
  const added: Uint8Array[] = []
  const offsets = new Map<string, number>()
  let end = size
  const offsetOf = (string: string): number => {
    const known = offsets.get(string)
    if (known !== undefined) return known
    const at = end
    const bytes = text.encode(`${string.replaceAll("\0", " ")}\0`)
    added.push(bytes)
    end += bytes.length
    offsets.set(string, at)
    return at
  }
  const lineStrings = lines.map(line => ({ file: offsetOf(line.file || "?"), text: offsetOf(lineText(line)) }))

  const bytes = new Uint8Array(strings + end)
  bytes.set(btf.subarray(0, strings + size))
  new DataView(bytes.buffer).setUint32(20, end, true)
  let at = strings + size
  for (const string of added) {
    bytes.set(string, at)
    at += string.length
  }
  return { bytes, lines: lineStrings }
}

/** The kernel refuses an empty line. */
const lineText = (line: SourceLine): string => line.text.trim() || "?"

function badBtf(why: string): SkepError {
  return new SkepError({
    code: "KERNEL_BAD_OBJECT",
    message: `the object's type information cannot be loaded: ${why}`,
    hint: "the object was made wrongly: compile it again",
  })
}

/**
 * Function info: `struct bpf_func_info { u32 insn_off, type_id }` for the program and every subprogram. The kernel
 * wants all of them or none: empty when one has no BTF type.
 */
export function funcInfo(image: Image): Uint8Array {
  if (image.functions.some(f => f.spec.btfId === 0)) return new Uint8Array(0)
  const words = new Uint32Array(image.functions.length * 2)
  image.functions.forEach((f, i) => {
    words[2 * i] = f.slot
    words[2 * i + 1] = f.spec.btfId
  })
  return new Uint8Array(words.buffer)
}

/**
 * Line info: `struct bpf_line_info { u32 insn_off, file_name_off, line_off, line_col }`, ascending, one an
 * instruction, and one at the start of every function. Empty when some function has none at all.
 *
 *     line_col  31            10 9       0
 *               +---------------+---------+
 *               | line          | column  |
 *               +---------------+---------+
 */
export function lineInfo(image: Image, btf: LoadableBtf, lines: readonly SourceLine[]): Uint8Array {
  const words: number[] = []
  for (const { spec, slot, slots } of image.functions) {
    const infos = spec.lineInfo.filter(info => info.insn < slots.length && info.line < lines.length)
    if (infos.length === 0) return new Uint8Array(0)
    infos.sort((a, b) => a.insn - b.insn)
    let last = -1
    for (const info of infos) {
      // The first entry stands for all that precedes it.
      const at = last < 0 ? slot : slots[info.insn]
      if (at === last) continue
      last = at
      const { line } = lines[info.line]
      const strings = btf.lines[info.line]
      words.push(at, strings.file, strings.text, ((line << 10) | Math.min(info.column, 1023)) >>> 0)
    }
  }
  return new Uint8Array(new Uint32Array(words).buffer)
}
