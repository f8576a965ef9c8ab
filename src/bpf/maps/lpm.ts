import { SkepError } from "../../base/index.ts"
import type { PackedEntries } from "../../machine/index.ts"
import { formatCidr, parseCidr } from "./cidr.ts"
import { Table } from "./table.ts"

/**
 * A prefix tree (`BPF_LPM_TRIE`, BPF_MAP_TYPE_LPM_TRIE): looking an address up gives the value of the longest prefix that it
 * matches. Keys of IPv4 and IPv6 addresses (a `u32` with the length of the prefix, then 4 or 16 bytes in the order of the
 * network) are texts; keys of other sizes what the program declares, and texts may stand for either.
 *
 *     routes.set("10.0.0.0/8", 1).set("10.1.0.0/16", 2)
 *     routes.get("10.1.2.3")     // 2
 */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class LpmTrie<V = any, K = any> extends Table<string | K, V> {
  /** How keys are given back: as text where they are addresses, or as the program declares them. */
  keysAs: "cidr" | "record" = this.map.keySize === 8 || this.map.keySize === 20 ? "cidr" : "record"

  protected override encodeKey(key: unknown): Uint8Array {
    if (typeof key !== "string") return super.encodeKey(key)
    const { bits, bytes } = parseCidr(key)
    if (this.map.keySize !== 4 + bytes.length) {
      throw new SkepError({
        code: "BPF_CIDR",
        message: `the keys of ${this.name} hold ${this.map.keySize - 4} bytes, and '${key}' is ${bytes.length}`,
        hint: "IPv4 addresses have 4 bytes, IPv6 addresses 16: give a key of another kind as an object",
      })
    }
    const encoded = new Uint8Array(4 + bytes.length)
    new DataView(encoded.buffer).setUint32(0, bits, true)
    encoded.set(bytes, 4)
    return encoded
  }

  protected override keyReader(part: PackedEntries): (index: number) => string | K {
    if (this.keysAs === "record") return super.keyReader(part)
    const { keys } = part
    const { keySize } = this.map
    const view = new DataView(keys.buffer, keys.byteOffset)
    return index => {
      const at = index * keySize
      return formatCidr({ bits: view.getUint32(at, true), bytes: keys.subarray(at + 4, at + keySize) })
    }
  }
}
