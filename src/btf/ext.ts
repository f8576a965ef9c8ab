import type { Btf } from "./btf.ts"
import { concat } from "./builder.ts"
import { badBtf } from "./error.ts"
import { BTF_MAGIC, BTF_VERSION } from "./format.ts"
import { toWords } from "./header.ts"

/**
 * The .BTF.ext section: which function, which source line and which CO-RE relocation each instruction belongs to.
 *
 *     section   header | func_info | line_info | core_relo
 *     header    magic u16 = 0xeb9f, version u8 = 1, flags u8, hdr_len u32, then (offset u32, length u32) of each part;
 *               a header of 24 bytes has no core_relo
 *     part      record size u32, then for each ELF section: name_off u32, count u32, count records
 *
 * Strings are offsets into the string section of the .BTF beside it.
 */
const HEADER_SIZE = 32
const HEADER_SIZE_WITHOUT_CORE = 24
const FUNC_INFO_SIZE = 8
const LINE_INFO_SIZE = 16
const CORE_RELO_SIZE = 16

/** `line_col` keeps the line in 22 bits and the column in 10. */
const MAX_LINE = 0x3fffff
const MAX_COLUMN = 0x3ff

/** `struct bpf_func_info`: insn_off u32, type_id u32. */
export interface BtfFuncInfo {
  /** Where the function starts: bytes in .BTF.ext, instruction slots in what the kernel takes. */
  readonly insn: number
  /** Id of the `func`. */
  readonly type: number
}

/** `struct bpf_line_info`: insn_off u32, file_name_off u32, line_off u32, line_col u32 (line << 10 | column). */
export interface BtfLineInfo {
  /** As in {@link BtfFuncInfo}. */
  readonly insn: number
  readonly file: string
  /** The text of the line. */
  readonly text: string
  /** From 1, up to 4,194,303. */
  readonly line: number
  /** From 1, up to 1,023; 0 when unknown. */
  readonly column: number
}

/** `enum bpf_core_relo_kind` by number. */
export const CORE_RELO_KINDS = [
  "field_byte_offset",
  "field_byte_size",
  "field_exists",
  "field_signed",
  "field_lshift_u64",
  "field_rshift_u64",
  "type_id_local",
  "type_id_target",
  "type_exists",
  "type_size",
  "enum_value_exists",
  "enum_value",
  "type_matches",
] as const
/** What a CO-RE relocation asks of the running kernel's types. */
export type CoreKind = (typeof CORE_RELO_KINDS)[number]

/** `struct bpf_core_relo`: insn_off u32, type_id u32, access_str_off u32, kind u32. */
export interface BtfCoreRelo {
  /** Bytes from the start of the section. */
  readonly insn: number
  readonly type: number
  /** Indexes from the type inwards, separated by colons: `0:1:2`. */
  readonly access: string
  readonly kind: CoreKind
}

/** Records of one ELF section of code. */
export interface BtfExtSection<R> {
  readonly section: string
  readonly records: readonly R[]
}

export interface BtfExt {
  readonly funcs: readonly BtfExtSection<BtfFuncInfo>[]
  readonly lines: readonly BtfExtSection<BtfLineInfo>[]
  readonly relos: readonly BtfExtSection<BtfCoreRelo>[]
}

/** Gives a string its offset in the string section: `text => builder.string(text)`, for one. */
export type StringOffset = (text: string) => number

/** Bytes of .BTF.ext. Its strings must be in the .BTF before that is encoded. */
export function encodeBtfExt(ext: BtfExt, stringOffset: StringOffset, littleEndian = true): Uint8Array {
  const part = <R>(sections: readonly BtfExtSection<R>[], size: number, words: (record: R) => number[]): number[] =>
    sections.length === 0
      ? []
      : [size, ...sections.flatMap(s => [stringOffset(s.section), s.records.length, ...s.records.flatMap(words)])]
  const funcs = part(ext.funcs, FUNC_INFO_SIZE, funcWords)
  const lines = part(ext.lines, LINE_INFO_SIZE, r => lineWords(r, stringOffset))
  const relos = part(ext.relos, CORE_RELO_SIZE, r => [
    r.insn,
    r.type,
    stringOffset(r.access),
    CORE_RELO_KINDS.indexOf(r.kind),
  ])
  const bounds: number[] = []
  let end = 0
  for (const words of [funcs, lines, relos]) {
    bounds.push(end, words.length * 4)
    end += words.length * 4
  }
  const out = concat(new Uint8Array(8), bytesOf([...bounds, ...funcs, ...lines, ...relos], littleEndian))
  const view = new DataView(out.buffer)
  view.setUint16(0, BTF_MAGIC, littleEndian)
  out[2] = BTF_VERSION
  view.setUint32(4, HEADER_SIZE, littleEndian)
  return out
}

/** Function records as BPF_PROG_LOAD takes them: 8 bytes each. */
export function encodeFuncInfo(records: readonly BtfFuncInfo[], littleEndian = true): Uint8Array {
  return bytesOf(records.flatMap(funcWords), littleEndian)
}

/** Line records as BPF_PROG_LOAD takes them: 16 bytes each. */
export function encodeLineInfo(
  records: readonly BtfLineInfo[],
  stringOffset: StringOffset,
  littleEndian = true,
): Uint8Array {
  return bytesOf(
    records.flatMap(r => lineWords(r, stringOffset)),
    littleEndian,
  )
}

/**
 * Reads .BTF.ext with the strings of its .BTF. Records that are longer than the ones known here are read as far as they
 * are known.
 * @throws SkepError BTF_EXT_TRUNCATED, BTF_EXT_BAD_HEADER, BTF_EXT_BAD_RECORD, BTF_BAD_STRING
 */
export function decodeBtfExt(bytes: Uint8Array, btf: Btf): BtfExt {
  if (bytes.length < HEADER_SIZE_WITHOUT_CORE) {
    throw badBtf("BTF_EXT_TRUNCATED", `.BTF.ext of ${bytes.length} bytes is shorter than its header`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { littleEndian } = btf
  const headerSize = view.getUint32(4, littleEndian)
  if (view.getUint16(0, littleEndian) !== BTF_MAGIC || bytes[2] !== BTF_VERSION) {
    throw badBtf("BTF_EXT_BAD_HEADER", ".BTF.ext does not start with the magic number and version of its .BTF")
  }
  if (headerSize < HEADER_SIZE_WITHOUT_CORE || headerSize > bytes.length) {
    throw badBtf("BTF_EXT_BAD_HEADER", `.BTF.ext header says it is ${headerSize} bytes long`)
  }
  const part = <R>(what: string, at: number, size: number, read: (words: Uint32Array, at: number) => R) => {
    if (at + 8 > headerSize) return []
    const start = headerSize + view.getUint32(at, littleEndian)
    const length = view.getUint32(at + 4, littleEndian)
    if (start + length > bytes.length) {
      throw badBtf("BTF_EXT_TRUNCATED", `${what} of .BTF.ext ends at byte ${start + length} of ${bytes.length}`)
    }
    return readPart(what, toWords(bytes.subarray(start, start + length), littleEndian), btf, size, read)
  }
  return {
    funcs: part("function info", 8, FUNC_INFO_SIZE, (w, at) => ({ insn: w[at], type: w[at + 1] })),
    lines: part("line info", 16, LINE_INFO_SIZE, (w, at) => ({
      insn: w[at],
      file: btf.string(w[at + 1]),
      text: btf.string(w[at + 2]),
      line: w[at + 3] >>> 10,
      column: w[at + 3] & MAX_COLUMN,
    })),
    relos: part("CO-RE relocations", 24, CORE_RELO_SIZE, (w, at) => ({
      insn: w[at],
      type: w[at + 1],
      access: btf.string(w[at + 2]),
      kind: coreKind(w[at + 3]),
    })),
  }
}

function readPart<R>(
  what: string,
  words: Uint32Array,
  btf: Btf,
  size: number,
  read: (words: Uint32Array, at: number) => R,
): BtfExtSection<R>[] {
  const sections: BtfExtSection<R>[] = []
  if (words.length === 0) return sections
  const recordSize = words[0]
  if (recordSize < size || recordSize % 4 !== 0) {
    throw badBtf("BTF_EXT_BAD_RECORD", `${what} of .BTF.ext has records of ${recordSize} bytes, not ${size}`)
  }
  const stride = recordSize / 4
  for (let at = 1; at < words.length; ) {
    const count = words[at + 1]
    if (at + 2 > words.length || at + 2 + count * stride > words.length) {
      throw badBtf("BTF_EXT_TRUNCATED", `${what} of .BTF.ext ends inside its records`)
    }
    const section = btf.string(words[at])
    at += 2
    const records: R[] = []
    for (let i = 0; i < count; i++, at += stride) records.push(read(words, at))
    sections.push({ section, records })
  }
  return sections
}

function coreKind(number: number): CoreKind {
  const kind = CORE_RELO_KINDS[number]
  if (kind === undefined) throw badBtf("BTF_EXT_BAD_RECORD", `CO-RE relocation kind ${number} is not known`)
  return kind
}

function funcWords(record: BtfFuncInfo): number[] {
  return [record.insn, record.type]
}

function lineWords(record: BtfLineInfo, stringOffset: StringOffset): number[] {
  const line = Math.min(record.line, MAX_LINE)
  const column = Math.min(record.column, MAX_COLUMN)
  return [record.insn, stringOffset(record.file), stringOffset(record.text), line * 1024 + column]
}

function bytesOf(words: readonly number[], littleEndian: boolean): Uint8Array {
  const out = new Uint8Array(words.length * 4)
  const view = new DataView(out.buffer)
  for (const [i, word] of words.entries()) view.setUint32(i * 4, word, littleEndian)
  return out
}
