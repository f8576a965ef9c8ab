import type { Memory } from "../../vm/index.ts"
import type { Layouts } from "./layout.ts"
import { KernelObject, UserPointer, type Value } from "./object.ts"

/** The memory of the simulated kernel: its objects, laid out by BTF, and the memory of its processes. */
export class KernelMemory {
  readonly linear: Memory
  readonly layouts: Layouts

  constructor(linear: Memory, layouts: Layouts) {
    this.linear = linear
    this.layouts = layouts
  }

  /**
   * A new object, all zeros but what is given.
   *
   *     const file = memory.new("file", { f_mode: 3, f_path: { dentry, mnt } })
   *
   * `room` is bytes behind it. @throws SkepError SIM_NO_TYPE, VM_MEMORY
   */
  new(record: string, members: { readonly [path: string]: Value } = {}, room = 0): KernelObject {
    const type = this.layouts.record(record)
    const offset = this.linear.allocate(this.layouts.size(type) + room, record, { access: "read" })
    return new KernelObject(this.linear, this.layouts, type, offset).set(members)
  }

  /** Gives an object's memory back. */
  free(object: KernelObject): void {
    this.linear.free(object.offset)
  }

  /** Memory of the kernel that holds a text and a zero; where it is. */
  string(text: string): Bytes {
    return this.bytes(encoder.encode(`${text}\0`))
  }

  /** Memory of the kernel that holds some bytes. */
  bytes(bytes: Uint8Array | number): Bytes {
    const size = typeof bytes === "number" ? bytes : bytes.length
    const offset = this.linear.allocate(size, "bytes of the kernel", { access: "read" })
    if (typeof bytes !== "number") this.linear.bytes(offset, size).set(bytes)
    // Any record stands for bytes: only the address is asked of it.
    return new KernelObject(this.linear, this.layouts, this.layouts.record("list_head"), offset)
  }

  /** Memory of a process that holds a text and a zero, or some bytes. */
  user(content: string | Uint8Array | number): UserPointer {
    const bytes = typeof content === "string" ? encoder.encode(`${content}\0`) : content
    const size = typeof bytes === "number" ? bytes : bytes.length
    const offset = this.linear.allocate(size, "memory of a process", { access: "read" })
    if (typeof bytes !== "number") this.linear.bytes(offset, size).set(bytes)
    return new UserPointer(offset)
  }

  /** Gives memory of a process back. */
  freeUser({ offset }: UserPointer): void {
    this.linear.free(offset)
  }
}

/** Some bytes: an object of which only the address means something. */
export type Bytes = KernelObject

const encoder = new TextEncoder()
