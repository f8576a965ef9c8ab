import type { Given } from "../../btf/index.ts"
import { BpfMap, type MapParts } from "./base.ts"
import { type Codec, codecOf } from "./codec.ts"
import { textOfValue, valueOfText } from "./text.ts"

const NO_KEY = new Uint8Array(0)

/** A queue (`BPF_QUEUE`): what is pushed first comes out first. */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class Queue<V = any> extends BpfMap {
  readonly #value: Codec

  constructor(parts: MapParts) {
    super(parts)
    this.#value = codecOf(parts.map.spec, "value", parts.btf)
  }

  /** Adds a value; with `overwrite`, the oldest goes when there is no room. @throws SkepError MACHINE_MAP_FULL */
  push(value: Given<V>, { overwrite = false }: { readonly overwrite?: boolean } = {}): this {
    this.map.push(this.#value.encode(value), overwrite ? "present" : "any")
    return this
  }

  /** The next value, which is removed; undefined when there is none. */
  pop(): V | undefined {
    const bytes = this.map.lookupAndDelete(NO_KEY)
    return bytes && (this.#value.decode(bytes) as V)
  }

  /** The next value, which stays; undefined when there is none. */
  peek(): V | undefined {
    const bytes = this.map.lookup(NO_KEY)
    return bytes && (this.#value.decode(bytes) as V)
  }

  /** Takes values until there are none, at most as many as there is room for: programs may go on to push. */
  *drain(): IterableIterator<V> {
    for (let left = this.maxEntries; left > 0; left--) {
      const value = this.pop()
      if (value === undefined) return
      yield value
    }
  }

  /** A value as one line of text: `{ 0x2a "bash" }`. */
  valueText(value: Given<V>): string {
    return textOfValue(value)
  }

  /** The value that {@link valueText} wrote. @throws SkepError BTF_VALUE_TYPE */
  valueOfText(text: string): V {
    return valueOfText(text, this.#value.decode(new Uint8Array(this.map.valueSize))) as V
  }

  /** Takes all values out. */
  clear(): void {
    for (const _ of this.drain());
  }
}

/** A stack (`BPF_STACK`): what is pushed last comes out first. */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class Stack<V = any> extends Queue<V> {}

/** A set that says of a value that it is not in it, or may be (BPF_MAP_TYPE_BLOOM_FILTER, Linux 5.16). Nothing can be removed. */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class BloomFilter<V = any> extends BpfMap {
  readonly #value: Codec

  constructor(parts: MapParts) {
    super(parts)
    this.#value = codecOf(parts.map.spec, "value", parts.btf)
  }

  /** Adds a value for good. @throws SkepError BTF_VALUE_… */
  add(value: Given<V>): this {
    this.map.push(this.#value.encode(value))
    return this
  }

  /** False: it was never added. True: it was, or others were that look alike. */
  has(value: Given<V>): boolean {
    return this.map.contains(this.#value.encode(value))
  }
}
