import { SkepError } from "../../base/index.ts"
import type { RecordSender, ReservedRecord } from "../../machine/index.ts"
import { callFailed, isPermission, pageSize, permissionError } from "../host/index.ts"
import { sys } from "../raw/index.ts"
import { lastingView } from "../sharedMemory.ts"
import { SharedPosition } from "./mmap.ts"

const HEADER = 8
const BUSY = 0x8000_0000
const DISCARD = 0x4000_0000
const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 1

/**
 * The writing end of a user ring buffer, over memory wherever it comes from. The data stands twice in a row so that no record is split:
 *
 *     record   u32 length | busy << 31 | discarded << 30;  u32 zero;  length bytes, rounded up to 8
 *
 * A record is announced by the producer's position while it is still busy: the kernel stops in front of it. Both are stored with release semantics,
 * the header after the bytes, so that a program that sees the record sees its bytes; the consumer's position is loaded with acquire semantics, so that
 * nothing is written where the kernel still reads.
 *
 * Source: Linux kernel/bpf/ringbuf.c, __bpf_user_ringbuf_peek.
 */
export class UserRing implements RecordSender {
  readonly byteLength: number
  readonly #consumer: SharedPosition
  readonly #producer: SharedPosition
  readonly #data: Uint8Array
  readonly #words: Int32Array

  /** `data` has 2 × `size` bytes; `size` is a power of two. */
  constructor(consumer: SharedPosition, producer: SharedPosition, data: Uint8Array, size: number) {
    this.byteLength = size
    this.#consumer = consumer
    this.#producer = producer
    this.#data = data
    this.#words = new Int32Array(data.buffer, data.byteOffset, data.length / 4)
  }

  get pending(): number {
    return this.#producer.load() - this.#consumer.load()
  }

  reserve(length: number): ReservedRecord | undefined {
    const total = HEADER + Math.ceil(length / 8) * 8
    if (!Number.isInteger(length) || length < 0 || total > this.byteLength) throw tooLarge(length, this.byteLength)
    const consumed = this.#consumer.load()
    const at = this.#producer.load()
    if (at + total - consumed > this.byteLength) return undefined
    // Positions go beyond 32 bits, places do not.
    const place = at % this.byteLength
    Atomics.store(this.#words, place / 4, length | BUSY)
    Atomics.store(this.#words, place / 4 + 1, 0)
    this.#producer.store(at + total)
    const bytes = this.#data.subarray(place + HEADER, place + HEADER + length)
    return new Reserved(bytes, word => Atomics.store(this.#words, place / 4, word | length))
  }
}

class Reserved implements ReservedRecord {
  readonly bytes: Uint8Array
  #end: ((word: number) => void) | undefined

  constructor(bytes: Uint8Array, end: (word: number) => void) {
    this.bytes = bytes
    this.#end = end
  }

  send(): void {
    if (this.#end === undefined) {
      throw new SkepError({
        code: "MACHINE_CLOSED",
        message: "the record was sent or given up before",
        hint: "reserve another one",
      })
    }
    this.#finish(0)
  }

  discard(): void {
    this.#finish(DISCARD)
  }

  [Symbol.dispose](): void {
    this.discard()
  }

  #finish(word: number): void {
    this.#end?.(word)
    this.#end = undefined
  }
}

function tooLarge(length: number, size: number): SkepError {
  return new SkepError({
    code: "MACHINE_SIZE",
    message: `a record of ${length} bytes does not fit a ring of ${size}`,
    hint: `a record has 0 to ${size - HEADER} bytes: make the ring larger (max_entries)`,
  })
}

/**
 * The writing end of the kernel's user ring buffer (Linux 6.1). The map's memory is a page with the consumer's position, which only the kernel
 * writes, a page with the producer's, and the data, mapped twice in a row. The memory stays until nothing refers to it any more.
 */
export function openSender(fd: number, size: number, what: string): UserRing {
  const page = pageSize()
  const consumer = new SharedPosition(map(fd, page, 0, PROT_READ, what), 0)
  const rest = map(fd, page + 2 * size, page, PROT_READ | PROT_WRITE, what)
  return new UserRing(consumer, new SharedPosition(rest, 0), rest.subarray(page), size)
}

function map(fd: number, length: number, offset: number, protection: number, what: string): Uint8Array {
  const { call, numbers } = sys()
  const address = call(numbers.mmap, 0, length, protection, MAP_SHARED, fd, offset)
  if (address >= 0) return lastingView(address, length)
  if (isPermission(-address)) throw permissionError(what, -address, ["CAP_BPF"])
  throw callFailed(what, -address)
}
