import type { Given } from "../../btf/index.ts"
import { BpfMap, type MapParts } from "./base.ts"
import { type Codec, codecOf } from "./codec.ts"
import { type SocketSource, withFd } from "./fds.ts"

/** A map of sockets. They leave it by themselves when they are closed. */
class SocketMap<K> extends BpfMap {
  readonly #key: Codec

  constructor(parts: MapParts) {
    super(parts)
    this.#key = codecOf(parts.map.spec, "key", parts.btf)
  }

  /**
   * Puts a socket in: one of Node's that is connected, listening or bound (a datagram socket), an object with `fd`, or a
   * descriptor.
   */
  set(key: Given<K>, socket: SocketSource): this {
    withFd(socket, fd => {
      const bytes = new Uint8Array(this.map.valueSize)
      new DataView(bytes.buffer).setUint32(0, fd, true)
      this.map.update(this.#key.encode(key), bytes)
    })
    return this
  }

  /** The socket's cookie, which programs see by `bpf_get_socket_cookie`. Needs values of 8 bytes; undefined when there is none. */
  cookie(key: Given<K>): bigint | undefined {
    const bytes = this.map.lookup(this.#key.encode(key))
    return bytes && new DataView(bytes.buffer).getBigUint64(0, true)
  }

  /** Whether a socket was at a key, and is gone now. */
  delete(key: Given<K>): boolean {
    return this.map.delete(this.#key.encode(key))
  }
}

/** Sockets by index (`BPF_SOCKMAP`), for programs that send packets from one to the other. */
export class SockMap extends SocketMap<number> {}

/** Sockets by any key (`BPF_SOCKHASH`). */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class SockHash<K = any> extends SocketMap<K> {}

/** Sockets of one SO_REUSEPORT group by index, for programs that choose who gets a connection (`reuseport_sockarray`). */
export class ReuseportSockArray extends SocketMap<number> {}
