import { type Btf, type BtfMember, formatType, isRecord, sizeOf } from "../../btf/index.ts"
import type { MapSpec } from "../../object/index.ts"

/**
 * What the keys and values of a map look like, in C; with `sizes` each member has its place and its bytes behind it:
 *
 *     hash stats: 10240 entries
 *       struct key_t {
 *         u32 prev_pid;   // 0, 4 bytes
 *         u32 curr_pid;   // 4, 4 bytes
 *       } key;   // 8 bytes
 *       u64 value;   // 8 bytes
 */
export function mapLayout(map: MapSpec, btf: Btf | undefined, sizes = false): string {
  const part = (what: "key" | "value", id: number, size: number): string[] => {
    if (size === 0) return []
    const behind = sizes ? `   // ${bytes(size)}` : ""
    if (btf === undefined || id === 0) return [`unsigned char ${what}[${size}];${behind}`]
    const type = btf.resolved(id)
    if (!isRecord(type)) return [`${formatType(btf, id, what)};${behind}`]
    const members = type.members.map(member => {
      const bits = member.bitSize === 0 ? "" : ` : ${member.bitSize}`
      return `  ${formatType(btf, member.type, member.name)}${bits};${sizes ? `   // ${placeOf(btf, member)}` : ""}`
    })
    return [`${type.kind}${type.name === "" ? "" : ` ${type.name}`} {`, ...members, `} ${what};${behind}`]
  }
  const head = `${map.type} ${map.name}: ${map.maxEntries} entries`
  const lines = [...part("key", map.keyType, map.keySize), ...part("value", map.valueType, map.valueSize)]
  return [head, ...lines.flatMap(line => line.split("\n")).map(line => `  ${line}`), ""].join("\n")
}

const bytes = (size: number): string => `${size} ${size === 1 ? "byte" : "bytes"}`

/** `8, 4 bytes`; of a bit-field `bit 67, 3 bits`. */
function placeOf(btf: Btf, { type, bitOffset, bitSize }: BtfMember): string {
  if (bitSize > 0) return `bit ${bitOffset}, ${bitSize} ${bitSize === 1 ? "bit" : "bits"}`
  return `${bitOffset / 8}, ${bytes(sizeOf(btf, type))}`
}
