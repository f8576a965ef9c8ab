import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { E2BIG, EBADF, EEXIST, EINVAL, ENOENT, ENOSPC } from "../errno.ts"
import { VmSocket } from "../packet/socket.ts"
import { BPF_EXIST, BPF_NOEXIST, VmMap } from "./map.ts"

/** Bytes of the values in which a process reads cookies. */
const COOKIE_BYTES = 8

/** Sockets of the machine's network: by index (`sockmap`, `reuseport_sockarray`), or by any key (`sockhash`). */
export class SocketTable extends VmMap {
  readonly #sockets = new Map<string, VmSocket>()
  readonly #isIndexed: boolean

  constructor(core: Core, spec: MapSpec) {
    super(core, spec)
    this.#isIndexed = spec.type !== "sockhash"
  }

  #keyOf(key: number): string {
    return String.fromCharCode(...this.memory.bytes(key, this.keySize))
  }

  /** The socket that a program gets, as `struct bpf_sock`. */
  override lookup(key: number): number {
    return this.#sockets.get(this.#keyOf(key))?.place(this.memory) ?? 0
  }

  /** A program puts a socket in. */
  override update(key: number, value: number, flags: number): number {
    return this.#put(key, this.core.environment.network.socketAt(this.memory, value), flags)
  }

  /** A process puts one in, by its descriptor. */
  override write(key: number, value: number, flags: number): number {
    const socket = this.core.handled(this.memory.view.getUint32(value, true))
    return this.#put(key, socket instanceof VmSocket ? socket : undefined, flags)
  }

  #put(key: number, socket: VmSocket | undefined, flags: number): number {
    const name = this.#keyOf(key)
    const isThere = this.#sockets.has(name)
    if (flags > BPF_EXIST) return -EINVAL
    if (socket === undefined) return -EBADF
    if (this.#isIndexed && this.memory.view.getUint32(key, true) >= this.maxEntries) return -E2BIG
    if (flags === BPF_NOEXIST && isThere) return -EEXIST
    if (flags === BPF_EXIST && !isThere) return -ENOENT
    if (!isThere && this.#sockets.size >= this.maxEntries) return -E2BIG
    this.#sockets.set(name, socket)
    return 0
  }

  /** A process reads the socket's cookie. */
  override read(key: number, value: number): number {
    if (this.valueSize !== COOKIE_BYTES) return -ENOSPC
    const socket = this.#sockets.get(this.#keyOf(key))
    if (socket === undefined) return -ENOENT
    this.memory.view.setBigUint64(value, socket.cookie, true)
    return 0
  }

  override delete(key: number): number {
    if (this.#sockets.delete(this.#keyOf(key))) return 0
    return this.#isIndexed ? -EINVAL : -ENOENT
  }

  override nextKey(key: number, next: number): number {
    if (this.#isIndexed) {
      const index = key === 0 ? -1 : this.memory.view.getUint32(key, true)
      const after = index >= this.maxEntries ? 0 : index + 1
      if (after >= this.maxEntries) return -ENOENT
      this.memory.view.setUint32(next, after, true)
      return 0
    }
    const keys = [...this.#sockets.keys()]
    const at = key === 0 ? -1 : keys.indexOf(this.#keyOf(key))
    const found = keys[at + 1]
    if (found === undefined) return -ENOENT
    this.memory.u8.set(
      Uint8Array.from(found, c => c.charCodeAt(0)),
      next,
    )
    return 0
  }
}
