import type { Given } from "../../btf/index.ts"
import { BpfMap, type MapParts } from "./base.ts"
import { type Codec, codecOf, U32 } from "./codec.ts"
import { type FdSource, type SocketSource, withFd } from "./fds.ts"

/** A value that belongs to something of the kernel, and goes with it. The owner is named by a descriptor, and not listed. */
class LocalStorage<Owner, V> extends BpfMap {
  readonly #value: Codec

  constructor(parts: MapParts) {
    super(parts)
    this.#value = codecOf(parts.map.spec, "value", parts.btf)
  }

  /** The owner's value; undefined when it has none. */
  get(owner: Owner): V | undefined {
    return this.#with(owner, key => {
      const bytes = this.map.lookup(key)
      return bytes && (this.#value.decode(bytes) as V)
    })
  }

  /** Whether the owner has a value. */
  has(owner: Owner): boolean {
    return this.#with(owner, key => this.map.lookup(key) !== undefined)
  }

  /** Gives the owner a value. @throws SkepError BPF_NO_FD, BTF_VALUE_… */
  set(owner: Owner, value: Given<V>): this {
    this.#with(owner, key => this.map.update(key, this.#value.encode(value)))
    return this
  }

  /** Whether the owner had a value. */
  delete(owner: Owner): boolean {
    return this.#with(owner, key => this.map.delete(key))
  }

  protected fdOf(owner: Owner): FdSource | SocketSource {
    return owner as FdSource
  }

  #with<T>(owner: Owner, use: (key: Uint8Array) => T): T {
    return withFd(this.fdOf(owner), fd => use(U32.encode(fd)))
  }
}

/** Values of sockets (BPF_MAP_TYPE_SK_STORAGE, Linux 5.2), by socket or descriptor. */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class SkStorage<V = any> extends LocalStorage<SocketSource, V> {}

/** Values of files (BPF_MAP_TYPE_INODE_STORAGE, Linux 5.10), by path or descriptor. */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class InodeStorage<V = any> extends LocalStorage<string | number, V> {
  protected override fdOf(file: string | number): FdSource {
    return typeof file === "string" ? { folder: file } : file
  }
}

/** Values of tasks (BPF_MAP_TYPE_TASK_STORAGE, Linux 5.11), by process id. */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class TaskStorage<V = any> extends LocalStorage<number, V> {
  protected override fdOf(pid: number): FdSource {
    return { pid }
  }
}

/** Values of cgroups (BPF_MAP_TYPE_CGRP_STORAGE, Linux 6.2), by folder or descriptor. */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class CgroupStorage<V = any> extends LocalStorage<string | number, V> {
  protected override fdOf(cgroup: string | number): FdSource {
    return typeof cgroup === "string" ? { folder: cgroup } : cgroup
  }
}
