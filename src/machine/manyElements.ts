import { SkepError } from "../base/index.ts"
import { wrongSize } from "./error.ts"
import type { LoadedMap, MapReader, PackedEntries, ReadOptions, UpdateMode } from "./map.ts"

/** Flags of an update. Source: include/uapi/linux/bpf.h, BPF_ANY to BPF_EXIST. */
export const UPDATE_FLAGS: Readonly<Record<UpdateMode, number>> = { any: 0, absent: 1, present: 2 }

/** What maps of every machine do alike with many elements: it follows from reading parts of them. */
export abstract class ManyElements
  implements Pick<LoadedMap, "entries" | "keys" | "updateMany" | "updatePacked" | "drain" | "clear">
{
  abstract readonly name: string
  abstract readonly type: string
  abstract readonly maxEntries: number
  abstract readonly keySize: number
  abstract readonly valueSize: number
  abstract read(options?: ReadOptions): MapReader
  abstract readAll(options?: ReadOptions): PackedEntries & { readonly restarts: number }
  abstract lookupAndDelete(key: Uint8Array): Uint8Array | undefined
  /** Updates elements that lie one behind the other, whose sizes are right. */
  protected abstract updateEach(entries: PackedEntries, mode: UpdateMode): void

  *entries(): IterableIterator<[Uint8Array, Uint8Array]> {
    const reader = this.read()
    for (let part = reader.next(); part !== undefined; part = reader.next()) yield* this.#separate(part)
  }

  *keys(): IterableIterator<Uint8Array> {
    for (const [key] of this.entries()) yield key
  }

  updateMany(keys: readonly Uint8Array[], values: readonly Uint8Array[], mode: UpdateMode = "any"): void {
    if (keys.length !== values.length) {
      throw new SkepError({
        code: "MACHINE_SIZE",
        message: `map ${this.name} was given ${keys.length} keys and ${values.length} values`,
      })
    }
    this.updatePacked({ count: keys.length, keys: this.pack("key", keys), values: this.pack("value", values) }, mode)
  }

  updatePacked(entries: PackedEntries, mode: UpdateMode = "any"): void {
    const { count, keys, values } = entries
    if (keys.length !== count * this.keySize) throw wrongSize(this, "key", this.keySize, keys.length / count)
    if (values.length !== count * this.valueSize) throw wrongSize(this, "value", this.valueSize, values.length / count)
    this.updateEach(entries, mode)
  }

  drain(): [Uint8Array, Uint8Array][] {
    if (this.keySize > 0) return [...this.#separate(this.readAll({ remove: true }))]
    const entries: [Uint8Array, Uint8Array][] = []
    const none = new Uint8Array(0)
    for (let value = this.lookupAndDelete(none); value !== undefined; value = this.lookupAndDelete(none)) {
      entries.push([none, value])
    }
    return entries
  }

  clear(): void {
    if (this.keySize === 0) {
      this.drain()
      return
    }
    const reader = this.read({ remove: true })
    while (reader.next() !== undefined);
  }

  /** Keys or values one behind the other. @throws SkepError MACHINE_SIZE */
  protected pack(what: "key" | "value", parts: readonly Uint8Array[]): Uint8Array {
    const size = what === "key" ? this.keySize : this.valueSize
    const packed = new Uint8Array(parts.length * size)
    for (const [i, part] of parts.entries()) {
      if (part.length !== size) throw wrongSize(this, what, size, part.length)
      packed.set(part, i * size)
    }
    return packed
  }

  *#separate({ count, keys, values }: PackedEntries): IterableIterator<[Uint8Array, Uint8Array]> {
    const { keySize, valueSize } = this
    for (let i = 0; i < count; i++) {
      yield [keys.slice(i * keySize, (i + 1) * keySize), values.slice(i * valueSize, (i + 1) * valueSize)]
    }
  }
}
