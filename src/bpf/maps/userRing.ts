import { SkepError } from "../../base/index.ts"
import type { Btf, BtfInput, Given, ValueCodec } from "../../btf/index.ts"
import type { ReservedRecord } from "../../machine/index.ts"
import { codecOfType } from "../recordType.ts"
import { BpfMap, type MapParts } from "./base.ts"

/**
 * What user space sends to programs (BPF_MAP_TYPE_USER_RINGBUF, Linux 6.1), which take it by `bpf_user_ringbuf_drain` when they run:
 *
 *     const commands = b.table("commands", UserRingBuffer)
 *     commands.typed<{ op: number; pid: number }>("struct command").send({ op: 1, pid })
 *
 * One thread sends at a time. What was sent stays for the program when the sender is closed.
 */
export class UserRingBuffer extends BpfMap {
  readonly #btf: Btf | undefined

  constructor(parts: MapParts) {
    super(parts)
    this.#btf = parts.btf
  }

  /** Bytes that the ring holds; each record takes its own, rounded up to 8, and 8 more. */
  get byteLength(): number {
    return this.maxEntries
  }

  /** Bytes that were sent and no program has taken yet. */
  get pending(): number {
    return this.map.sender().pending
  }

  /** Sends a copy of the bytes. @throws SkepError MACHINE_MAP_FULL, MACHINE_SIZE */
  send(record: Uint8Array): this {
    const reserved = this.reserve(record.length)
    reserved.bytes.set(record)
    reserved.send()
    return this
  }

  /** Sends a copy of the bytes where there is room; false where there is none now. @throws SkepError MACHINE_SIZE where there never is */
  trySend(record: Uint8Array): boolean {
    const reserved = this.map.sender().reserve(record.length)
    reserved?.bytes.set(record)
    reserved?.send()
    return reserved !== undefined
  }

  /**
   * Room for a record, to be written in place: `using r = commands.reserve(8); r.bytes.fill(1); r.send()`. Until it is sent or given up, those
   * behind it wait. @throws SkepError MACHINE_MAP_FULL, MACHINE_SIZE
   */
  reserve(length: number): ReservedRecord {
    const sender = this.map.sender()
    const reserved = sender.reserve(length)
    if (reserved !== undefined) return reserved
    throw new SkepError({
      code: "MACHINE_MAP_FULL",
      message: `${this.name} has no room for ${length} bytes: ${sender.pending} of its ${sender.byteLength} wait to be taken`,
      hint: "the program takes them with bpf_user_ringbuf_drain when it runs: send again later, or make the ring larger (max_entries)",
    })
  }

  /**
   * The same for records of a type, by its name in the program. Types stay in the program's type information that a table, a global variable
   * that is used, or an argument of a function has. @throws SkepError BPF_NO_TYPE
   */
  // biome-ignore lint/suspicious/noExplicitAny: see Table.
  typed<T = any>(type: string): TypedSender<T> {
    return new TypedSender<T>(this, codecOfType(this.#btf, type))
  }
}

/** Sends records of one type through a user ring buffer. */
// biome-ignore lint/suspicious/noExplicitAny: see Table.
export class TypedSender<T = any> {
  readonly #ring: UserRingBuffer
  readonly #codec: ValueCodec

  constructor(ring: UserRingBuffer, codec: ValueCodec) {
    this.#ring = ring
    this.#codec = codec
  }

  /** Sends a record; members that are left out are zero. @throws SkepError BTF_VALUE_…, MACHINE_MAP_FULL, MACHINE_SIZE */
  send(record: Given<T>): this {
    this.#ring.send(this.#codec.encode(record as BtfInput))
    return this
  }

  /** Sends a record where there is room; false where there is none now. @throws SkepError BTF_VALUE_…, MACHINE_SIZE where there never is */
  trySend(record: Given<T>): boolean {
    return this.#ring.trySend(this.#codec.encode(record as BtfInput))
  }
}
