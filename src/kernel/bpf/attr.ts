import { sys } from "../raw/index.ts"

/** Commands of bpf(2). Source: Linux include/uapi/linux/bpf.h, `enum bpf_cmd`. */
export const BPF_MAP_CREATE = 0
export const BPF_MAP_LOOKUP_ELEM = 1
export const BPF_MAP_UPDATE_ELEM = 2
export const BPF_MAP_DELETE_ELEM = 3
export const BPF_MAP_GET_NEXT_KEY = 4
export const BPF_PROG_LOAD = 5
export const BPF_OBJ_PIN = 6
export const BPF_OBJ_GET = 7
export const BPF_PROG_ATTACH = 8
export const BPF_PROG_DETACH = 9
export const BPF_PROG_TEST_RUN = 10
export const BPF_PROG_GET_NEXT_ID = 11
export const BPF_MAP_GET_NEXT_ID = 12
export const BPF_PROG_GET_FD_BY_ID = 13
export const BPF_MAP_GET_FD_BY_ID = 14
export const BPF_OBJ_GET_INFO_BY_FD = 15
export const BPF_PROG_QUERY = 16
export const BPF_RAW_TRACEPOINT_OPEN = 17
export const BPF_BTF_LOAD = 18
export const BPF_BTF_GET_FD_BY_ID = 19
export const BPF_MAP_LOOKUP_AND_DELETE_ELEM = 21
export const BPF_MAP_FREEZE = 22
export const BPF_BTF_GET_NEXT_ID = 23
export const BPF_MAP_LOOKUP_BATCH = 24
export const BPF_MAP_LOOKUP_AND_DELETE_BATCH = 25
export const BPF_MAP_UPDATE_BATCH = 26
export const BPF_MAP_DELETE_BATCH = 27
export const BPF_LINK_CREATE = 28
export const BPF_LINK_UPDATE = 29
export const BPF_LINK_GET_FD_BY_ID = 30
export const BPF_LINK_GET_NEXT_ID = 31
export const BPF_ENABLE_STATS = 32
export const BPF_ITER_CREATE = 33
export const BPF_LINK_DETACH = 34

/** Bytes handed to the kernel. It takes a longer attr than it knows as long as the rest is zero. */
const SIZE = 168

/**
 * The `union bpf_attr` of a call: one buffer for the whole process, since calls are synchronous. Fields are set by
 * byte offset; buffers whose addresses are in the attr are held until the call has returned.
 */
class Attr {
  readonly #bytes = new Uint8Array(SIZE)
  readonly #view = new DataView(this.#bytes.buffer)
  readonly #address = sys().address(this.#bytes)
  readonly #held: Uint8Array[] = []

  /** Starts a new call: all fields zero. */
  begin(): this {
    this.#bytes.fill(0)
    return this
  }

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true)
    return this
  }

  /** A 64-bit field from a number up to 2^53, such as an address. */
  u64(offset: number, value: number): this {
    this.#view.setUint32(offset, value >>> 0, true)
    this.#view.setUint32(offset + 4, Math.floor(value / 0x1_0000_0000), true)
    return this
  }

  big(offset: number, value: bigint): this {
    this.#view.setBigUint64(offset, value, true)
    return this
  }

  /** A 64-bit field with the address of a buffer; zero for undefined and for an empty one. */
  ptr(offset: number, bytes: Uint8Array | undefined): this {
    if (bytes === undefined) return this
    this.#held.push(bytes)
    return this.u64(offset, sys().address(bytes))
  }

  /** An array of the addresses of buffers, for a field that points to one. */
  pointers(all: readonly Uint8Array[]): Uint8Array {
    this.#held.push(...all)
    return new Uint8Array(BigUint64Array.from(all, bytes => BigInt(sys().address(bytes))).buffer)
  }

  /** `char[16]`: a program's or a map's name, as {@link objectName} makes it. */
  name(offset: number, name: string): this {
    for (let i = 0; i < name.length; i++) this.#bytes[offset + i] = name.charCodeAt(i)
    return this
  }

  /** Makes the call: a value ≥ 0, or −errno. */
  call(command: number): number {
    const raw = sys()
    const result = raw.call(raw.numbers.bpf, command, this.#address, SIZE)
    this.#held.length = 0
    return result
  }

  /** A field that the kernel has written. */
  read(offset: number): number {
    return this.#view.getUint32(offset, true)
  }
}

let shared: Attr | undefined

/** The process's attr, cleared. */
export function attr(): Attr {
  shared ??= new Attr()
  return shared.begin()
}

/** A name the kernel takes for a program or map: at most 15 letters, digits and underscores. */
export function objectName(name: string): string {
  return name.slice(0, 15).replace(/[^A-Za-z0-9_]/g, "_")
}

/** Text as the kernel reads it: UTF-8 with a zero byte at its end. */
export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`)
}
