import { acceptableBtf, appendStrings } from "../btf/index.ts"
import type { Image } from "./image.ts"
import type { BpfObject, SourceLine } from "./object.ts"

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

/**
 * An object's BTF without what the kernel does not take, with the source lines among its strings; undefined when the
 * object has none.
 */
export function loadableBtf(object: BpfObject): LoadableBtf | undefined {
  if (object.btf.length === 0) return undefined
  const statics = object.functions.filter(fn => fn.linkage === "static").map(fn => fn.btfId)
  const btf = appendStrings(acceptableBtf(object.btf, new Set(statics)))
  const add = (text: string): number => btf.string(text === "" ? "?" : text.replaceAll("\0", " "))
  // The kernel refuses an empty file name or line.
  const lines = object.lines.map(line => ({ file: add(line.file), text: add(line.text.trim()) }))
  return { bytes: btf.encode(), lines }
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
