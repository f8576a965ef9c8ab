import type { Given } from "../../btf/index.ts"
import { closeFd, openCounters } from "../../kernel/index.ts"
import type { LoadedProgram, PerfEventName } from "../../machine/index.ts"
import { BpfMap, type MapParts } from "./base.ts"
import { type Codec, codecOf, U32 } from "./codec.ts"
import { type FdSource, withFd } from "./fds.ts"

/** A map whose elements stand for things of the kernel, which are put in by descriptors and cannot be read back. */
export class SlotMap<K, In> extends BpfMap {
  protected readonly keyCodec: Codec

  constructor(parts: MapParts) {
    super(parts)
    this.keyCodec = codecOf(parts.map.spec, "key", parts.btf)
  }

  /** Puts something where it may take the place of what was there. */
  set(key: Given<K>, value: In): this {
    withFd(this.toFd(value), fd => this.map.update(this.keyCodec.encode(key), this.encodeSlot(fd, value)))
    return this
  }

  /** Whether something was there, and is gone now. */
  delete(key: Given<K>): boolean {
    return this.map.delete(this.keyCodec.encode(key))
  }

  /** Whose descriptor goes into the map. */
  protected toFd(value: In): FdSource {
    return value as FdSource
  }

  protected encodeSlot(fd: number, _value: In): Uint8Array {
    const bytes = new Uint8Array(this.map.valueSize)
    bytes.set(U32.encode(fd))
    return bytes
  }
}

/** A map of such things that tells their ids. */
export class IdMap<K, In> extends SlotMap<K, In> {
  /** Whether something is at a key. */
  has(key: Given<K>): boolean {
    return this.id(key) !== undefined
  }

  /** The kernel's id of what is there; undefined when there is nothing. */
  id(key: Given<K>): number | undefined {
    const bytes = this.map.lookup(this.keyCodec.encode(key))
    return bytes && (U32.decode(bytes) as number)
  }

  /** Keys at which something is. */
  *keys(): IterableIterator<K> {
    for (const key of this.map.keys()) yield this.keyCodec.decode(key) as K
  }

  /** Number of keys at which something is. */
  get size(): number {
    return this.map.readAll().count
  }

  /** Takes everything out. */
  clear(): void {
    for (const key of [...this.map.keys()]) this.map.delete(key)
  }
}

/**
 * Programs for tail calls (`BPF_PROG_ARRAY`): a function of the program by name, a loaded program, or a descriptor.
 *
 *     b.table("jmp", ProgArray).set(1, "handle_tcp")
 */
export class ProgArray extends IdMap<number, string | LoadedProgram | number> {
  readonly #program: (fn: string) => number

  constructor(parts: MapParts) {
    super(parts)
    this.#program = parts.program
  }

  protected override toFd(value: string | LoadedProgram | number): FdSource {
    return typeof value === "string" ? this.#program(value) : value
  }
}

/** Descriptors of perf events by CPU (`BPF_PERF_OUTPUT`, `BPF_PERF_ARRAY`). */
export class PerfEventArray extends SlotMap<number, number> {
  /**
   * Puts a counter of each CPU in, for programs to read by `perf_read` or `bpf_perf_event_read_value` (Linux 4.3): of all processes, or of one. It
   * counts until the map is closed or something else takes its place.
   *
   *     b.table("cycles", PerfEventArray).open("cpu-cycles")
   *
   * @returns the CPUs that have a counter now
   * @throws SkepError KERNEL_NO_PERF_EVENT, KERNEL_NO_PERMISSION
   */
  open(event: PerfEventName, options: { readonly pid?: number; readonly cpu?: number } = {}): number[] {
    const counters = openCounters(event, options)
    try {
      for (const { cpu, fd } of counters) this.set(cpu, fd)
    } finally {
      // The map holds them.
      for (const { fd } of counters) closeFd(fd)
    }
    return counters.map(({ cpu }) => cpu)
  }
}

/** Cgroups that programs ask whether a task or packet belongs to (`BPF_CGROUP_ARRAY`), by folder or descriptor. */
export class CgroupArray extends SlotMap<number, string | number> {
  protected override toFd(value: string | number): FdSource {
    return typeof value === "string" ? { folder: value } : value
  }
}

/** AF_XDP sockets by queue (`BPF_XSKMAP`), by descriptor. */
export class XskMap extends SlotMap<number, number> {}
