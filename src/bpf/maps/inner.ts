import { SkepError } from "../../base/index.ts"
import type { Given } from "../../btf/index.ts"
import type { LoadedMap } from "../../machine/index.ts"
import type { BpfMap, MapParts } from "./base.ts"
import { IdMap } from "./slots.ts"

/** A map that holds maps, all of one kind: the declared inner map's. `M` is the class of the maps in it. */
export class MapOfMaps<K, M extends BpfMap = BpfMap> extends IdMap<K, BpfMap | LoadedMap | number> {
  readonly #open: (map: LoadedMap) => BpfMap

  constructor(parts: MapParts) {
    super(parts)
    this.#open = parts.open
  }

  /** The map at a key, undefined when there is none. Dispose of it when it is done with: `using inner = outer.get(1)`. */
  get(key: Given<K>): M | undefined {
    const inner = this.map.openInner(this.keyCodec.encode(key))
    return inner && (this.#open(inner) as M)
  }

  /** A new, empty map like those that are held. Once it is put in, it can be disposed of: the kernel keeps it. */
  make(): M {
    return this.#open(this.map.makeInner()) as M
  }

  /** Puts a new map where there is none, or takes the place of the one there; gives it. */
  replace(key: Given<K>): M {
    const made = this.make()
    try {
      this.set(key, made)
    } catch (error) {
      made[Symbol.dispose]()
      throw error
    }
    return made
  }

  override set(key: Given<K>, map: BpfMap | LoadedMap | number): this {
    if (typeof map === "object" && map.fd === this.fd) {
      throw new SkepError({
        code: "BPF_NO_FD",
        message: `map ${this.name} cannot hold itself`,
        hint: "maps nest one deep: put a map like the declared inner one in it",
      })
    }
    return super.set(key, map)
  }
}

/** `BPF_ARRAY_OF_MAPS` */
export class ArrayOfMaps<M extends BpfMap = BpfMap> extends MapOfMaps<number, M> {}

/** `BPF_HASH_OF_MAPS` */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class HashOfMaps<K = any, M extends BpfMap = BpfMap> extends MapOfMaps<K, M> {}
