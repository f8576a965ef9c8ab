import { BpfMap } from "./base.ts"

/** What programs send to user space in one ring for all CPUs (`BPF_RINGBUF_OUTPUT`, BPF_MAP_TYPE_RINGBUF, Linux 5.8). */
export class RingBuffer extends BpfMap {
  /** Bytes that the ring holds. */
  get byteLength(): number {
    return this.maxEntries
  }
}

const STATES = ["init", "inuse", "tobefree", "ready"] as const

/** A table of the kernel's operations that programs implement (BPF_MAP_TYPE_STRUCT_OPS, Linux 5.6). */
export class StructOpsMap extends BpfMap {
  /**
   * Where the kernel has it: `init` it was only made, `ready` a link can put it into force, `inuse` it is in force,
   * `tobefree` it has been taken out. Undefined where the kernel tells something else.
   */
  get state(): (typeof STATES)[number] | undefined {
    // struct bpf_struct_ops_common_value { refcount_t refcnt; enum bpf_struct_ops_state state; }
    const value = this.map.lookup(new Uint8Array(4))
    return value && STATES[new DataView(value.buffer).getUint32(4, true)]
  }

  /** The functions of the program that are its operations. */
  get programs(): readonly string[] {
    return this.map.spec.structOps?.programs.map(({ program }) => program) ?? []
  }
}

/** Memory that programs and this process share, page by page (BPF_MAP_TYPE_ARENA, Linux 6.9). */
export class Arena extends BpfMap {
  /**
   * All of it, without a copy: the kernel gives a page when it is first touched, and counts them. The bytes stay good
   * after the program is closed.
   */
  get bytes(): Uint8Array {
    return this.map.memory()?.bytes ?? new Uint8Array(0)
  }

  /** Most pages. */
  get pages(): number {
    return this.maxEntries
  }
}
