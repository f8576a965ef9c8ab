import { type Btf, isRecord, sizeOf } from "../btf/index.ts"
import { mapTypes } from "../isa/index.ts"
import { type ElfFile, type ElfSymbol, elfError } from "./elf.ts"
import * as f from "./elfFormat.ts"
import type { ReadMap } from "./readMaps.ts"

/** Section of maps as objects for libbpf before 1.0 have them. */
export const LEGACY_MAPS_SECTION = "maps"

/** Bytes of `struct bpf_map_def`. */
const DEFINITION = 20

/**
 * The maps that a file defines in section `maps`, by variables that hold numbers:
 *
 *     struct bpf_map_def { u32 type, key_size, value_size, max_entries, map_flags; };
 *     struct bpf_map_def counts SEC("maps") = { .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .max_entries = 16 };
 *
 * A longer struct (that of other loaders) has zeros behind these. A struct `____btf_map_counts { K key; V value; }` of the BTF tells the types, where
 * the program was annotated with `BPF_ANNOTATE_KV_PAIR`. Throws `OBJECT_LEGACY_MAPS`, `OBJECT_MAP_TYPE`.
 */
export function readLegacyMaps(elf: ElfFile, btf: Btf | undefined): ReadMap[] {
  const section = elf.section(LEGACY_MAPS_SECTION)
  if (section === undefined || section.size === 0) return []
  const symbols = elf.symbols
    .filter(({ section: index, type }) => index === section.index && type === f.STT_OBJECT)
    .sort((a, b) => a.value - b.value)
  const bytes = elf.data(section)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return symbols.map(symbol => {
    const { name, value: at, size } = symbol
    if (size < DEFINITION - 4 || at + size > bytes.length) throw badMap(symbol, `has ${size} bytes`)
    if (bytes.subarray(at + DEFINITION, at + size).some(byte => byte !== 0)) {
      throw badMap(symbol, `sets more than the ${DEFINITION} bytes of struct bpf_map_def`)
    }
    const word = (i: number): number => (4 * i < size ? view.getUint32(at + 4 * i, true) : 0)
    const [number, keySize, valueSize, maxEntries, flags] = [0, 1, 2, 3, 4].map(word)
    const type = mapTypes.name(number)
    if (type === undefined) throw elfError("OBJECT_MAP_TYPE", `map ${name} has the type ${number}, which is not known`)
    const types = typesOf(btf, name, keySize, valueSize)
    return { spec: { name, type, keySize, valueSize, maxEntries, flags, ...types }, section, offset: at, size }
  })
}

/** BTF ids of key and value; 0 where nothing tells them, or they have other sizes. */
function typesOf(
  btf: Btf | undefined,
  name: string,
  keySize: number,
  valueSize: number,
): { readonly keyType: number; readonly valueType: number } {
  const id = btf?.find(`____btf_map_${name}`, "struct") ?? 0
  const record = id === 0 ? undefined : btf!.type(id)
  const members = record !== undefined && isRecord(record) ? record.members : []
  const of = (member: string, size: number): number => {
    const type = members.find(m => m.name === member)?.type ?? 0
    return type !== 0 && sizeOf(btf!, type) === size ? type : 0
  }
  const [keyType, valueType] = [of("key", keySize), of("value", valueSize)]
  return keyType === 0 || valueType === 0 ? { keyType: 0, valueType: 0 } : { keyType, valueType }
}

const badMap = ({ name }: ElfSymbol, what: string) =>
  elfError(
    "OBJECT_LEGACY_MAPS",
    `map ${name} in section ${LEGACY_MAPS_SECTION} ${what}`,
    'such a map is a struct bpf_map_def { unsigned int type, key_size, value_size, max_entries, map_flags; }: write it so, or in SEC(".maps")',
  )
