import { SkepError } from "../../base/index.ts"
import type { Given } from "../../btf/index.ts"
import type { LoadedProgram } from "../../machine/index.ts"
import { BpfMap, type MapParts } from "./base.ts"
import { type Codec, codecOf, U32 } from "./codec.ts"

/** A program by the name of a function, loaded, or by descriptor. */
export type ProgramSource = string | LoadedProgram | number

/** Two words, the second of which some maps leave out: `struct bpf_devmap_val`, `struct bpf_cpumap_val`. */
class PairMap<K> extends BpfMap {
  protected readonly keyCodec: Codec
  readonly #program: (fn: string) => number

  constructor(parts: MapParts) {
    super(parts)
    this.keyCodec = codecOf(parts.map.spec, "key", parts.btf)
    this.#program = parts.program
  }

  /** Whether something is at a key. */
  has(key: Given<K>): boolean {
    return this.read(key) !== undefined
  }

  /** Whether something was at a key, and is gone now. */
  delete(key: Given<K>): boolean {
    return this.map.delete(this.keyCodec.encode(key))
  }

  /** Keys at which something is. */
  *keys(): IterableIterator<K> {
    for (const [key, value] of this.map.entries()) {
      if (value.some(byte => byte !== 0)) yield this.keyCodec.decode(key) as K
    }
  }

  /** Number of keys at which something is. */
  get size(): number {
    return [...this.keys()].length
  }

  /** Takes everything out. */
  clear(): void {
    for (const key of [...this.keys()]) this.delete(key)
  }

  protected read(key: Given<K>): { readonly first: number; readonly programId: number | undefined } | undefined {
    const bytes = this.map.lookup(this.keyCodec.encode(key))
    if (bytes === undefined || bytes.every(byte => byte === 0)) return undefined
    const second = bytes.length < 8 ? 0 : (U32.decode(bytes, 4) as number)
    return { first: U32.decode(bytes) as number, programId: second || undefined }
  }

  protected write(key: Given<K>, first: number, program: ProgramSource | undefined): void {
    const bytes = new Uint8Array(this.map.valueSize)
    bytes.set(U32.encode(first))
    if (program !== undefined) {
      if (bytes.length < 8) {
        throw new SkepError({
          code: "BPF_NO_PROGRAM_HERE",
          message: `the values of map ${this.name} have no place for a program`,
          hint: "declare them struct bpf_devmap_val or struct bpf_cpumap_val, of 8 bytes (Linux 5.8, 5.9)",
        })
      }
      const fd =
        typeof program === "string" ? this.#program(program) : typeof program === "number" ? program : program.fd
      bytes.set(U32.encode(fd), 4)
    }
    this.map.update(this.keyCodec.encode(key), bytes)
  }
}

/** Where a packet is sent to. */
export interface DevTarget {
  /** The device's index. */
  readonly ifindex: number
  /** Id of the program that runs on the packet there. */
  readonly programId: number | undefined
}

/** Network devices to send packets to, by index (`BPF_DEVMAP`), or by any key (devmap_hash, Linux 5.4). */
export class DevMap<K = number> extends PairMap<K> {
  readonly #device: (name: string) => number

  constructor(parts: MapParts) {
    super(parts)
    this.#device = parts.device
  }

  /**
   * Puts a device in, by name in the network of the machine or by index; `program` runs on packets before they leave by it
   * (Linux 5.8).
   */
  set(key: Given<K>, device: string | number, { program }: { readonly program?: ProgramSource } = {}): this {
    this.write(key, typeof device === "number" ? device : this.#device(device), program)
    return this
  }

  /** The device at a key; undefined when there is none. */
  get(key: Given<K>): DevTarget | undefined {
    const found = this.read(key)
    return found && { ifindex: found.first, programId: found.programId }
  }
}

/** A CPU's queue of packets. */
export interface CpuTarget {
  /** Packets that it holds. */
  readonly queueSize: number
  /** Id of the program that runs on the packet there. */
  readonly programId: number | undefined
}

/** CPUs to send packets to (`BPF_CPUMAP`), each with a queue. */
export class CpuMap extends PairMap<number> {
  /** Gives a CPU a queue of so many packets; `program` runs there on each (Linux 5.9). */
  set(cpu: number, queueSize: number, { program }: { readonly program?: ProgramSource } = {}): this {
    this.write(cpu, queueSize, program)
    return this
  }

  /** The queue of a CPU; undefined when it has none. */
  get(cpu: number): CpuTarget | undefined {
    const found = this.read(cpu)
    return found && { queueSize: found.first, programId: found.programId }
  }
}
