import { KERNEL, type Memory, USER } from "../../vm/index.ts"
import type { Layouts, Place } from "./layout.ts"

/** What a member can be set to: numbers, text for arrays of characters, bytes, a pointer to an object or to user memory, or members of a record. */
export type Value =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | KernelObject
  | UserPointer
  | undefined
  | { readonly [member: string]: Value }

/** An address of simulated user memory. */
export class UserPointer {
  readonly offset: number

  constructor(offset: number) {
    this.offset = offset
  }

  /** As programs see it. */
  get address(): bigint {
    return (BigInt(USER) << 32n) | BigInt(this.offset)
  }
}

const KERNEL_BITS = BigInt(KERNEL >>> 0) << 32n

/** A record of the simulated kernel, in the memory that programs read. Members are named by their paths: `f_path.dentry`. */
export class KernelObject {
  readonly memory: Memory
  readonly layouts: Layouts
  /** Id of its type. */
  readonly type: number
  /** Where it is in linear memory. */
  readonly offset: number

  constructor(memory: Memory, layouts: Layouts, type: number, offset: number) {
    this.memory = memory
    this.layouts = layouts
    this.type = type
    this.offset = offset
  }

  /** As programs see it. */
  get address(): bigint {
    return KERNEL_BITS | BigInt(this.offset)
  }

  /** Sets members. Those of a record are named in an object of their own, or by a path. */
  set(members: { readonly [path: string]: Value }): this {
    for (const path in members) this.#put(this.layouts.place(this.type, path), members[path])
    return this
  }

  /** A number. */
  get(path: string): number {
    return Number(this.big(path))
  }

  /** A number of up to 64 bits, with its sign where its type has one. */
  big(path: string): bigint {
    const { offset, size, type, bits } = this.layouts.place(this.type, path)
    const at = this.offset + offset
    const bytes = this.memory.bytes(at, Math.min(size, 8))
    let value = 0n
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i])
    if (bits !== undefined) return (value >> BigInt(bits.shift)) & ((1n << BigInt(bits.width)) - 1n)
    const int = this.layouts.btf.resolved(type)
    return int.kind === "int" && int.signed ? BigInt.asIntN(size * 8, value) : value
  }

  /** The text of an array of characters. */
  text(path: string): string {
    const { offset, size } = this.layouts.place(this.type, path)
    return this.memory.text(this.offset + offset, size)
  }

  /** A record inside of this one. */
  part(path: string): KernelObject {
    const { offset, type } = this.layouts.place(this.type, path)
    return new KernelObject(this.memory, this.layouts, type, this.offset + offset)
  }

  /** Adds to a number. */
  add(path: string, more: number): void {
    const place = this.layouts.place(this.type, path)
    this.#number(this.offset + place.offset, place, this.big(path) + BigInt(more))
  }

  #put(place: Place, value: Value): void {
    const at = this.offset + place.offset
    if (value === undefined) return
    if (typeof value === "string") {
      const bytes = this.memory.bytes(at, place.size)
      bytes.fill(0)
      bytes.set(encoder.encode(value).subarray(0, Math.max(0, place.size - 1)))
    } else if (value instanceof Uint8Array) this.memory.bytes(at, place.size).set(value.subarray(0, place.size))
    else if (value instanceof KernelObject || value instanceof UserPointer) {
      this.memory.view.setBigUint64(at, value.address, true)
    } else if (typeof value === "object") {
      new KernelObject(this.memory, this.layouts, place.type, at).set(value)
    } else this.#number(at, place, BigInt(value))
  }

  #number(at: number, { size, bits }: Place, value: bigint): void {
    const { view } = this.memory
    if (bits !== undefined) {
      const mask = ((1n << BigInt(bits.width)) - 1n) << BigInt(bits.shift)
      let old = 0n
      for (let i = size - 1; i >= 0; i--) old = (old << 8n) | BigInt(view.getUint8(at + i))
      value = (old & ~mask) | ((value << BigInt(bits.shift)) & mask)
    }
    if (size >= 8) view.setBigUint64(at, BigInt.asUintN(64, value), true)
    else for (let i = 0; i < size; i++) view.setUint8(at + i, Number((value >> BigInt(8 * i)) & 0xffn))
  }
}

const encoder = new TextEncoder()
