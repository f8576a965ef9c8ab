import type { Btf } from "../../btf/index.ts"
import type { LoadedMap } from "../../machine/index.ts"

/** What a map's class is made of. */
export interface MapParts {
  /** The map beneath, whose keys and values are bytes. */
  readonly map: LoadedMap
  /** Types of the program's keys and values. */
  readonly btf: Btf | undefined
  /** Descriptor of a function of the program in the kernel, loaded now if it is not yet. */
  readonly program: (fn: string) => number
  /** The number of a network device of the machine. @throws SkepError BPF_NO_DEVICE */
  readonly device: (name: string) => number
  /** The class of a map that this one holds. */
  readonly open: (map: LoadedMap) => BpfMap
}

/** What every map of a program has. Classes for the types of maps add the methods that make sense for them. */
export class BpfMap implements Disposable {
  /** The map beneath, whose keys and values are bytes. */
  readonly map: LoadedMap

  constructor({ map }: MapParts) {
    this.map = map
  }

  /** The map's name in the program. */
  get name(): string {
    return this.map.name
  }

  /** The kernel's name of the map's type, lower case: `hash`, `percpu_array`, … */
  get type(): string {
    return this.map.type
  }

  /** Most elements; bytes of a ring buffer. */
  get maxEntries(): number {
    return this.map.maxEntries
  }

  /** Descriptor of the map, for what takes one. */
  get fd(): number {
    return this.map.fd
  }

  /** Forbids writes from user space for good; programs go on to write. Linux 5.2. */
  freeze(): void {
    this.map.freeze()
  }

  /** Makes the map outlive the process, under a path of the BPF file system. @throws SkepError KERNEL_PIN */
  pin(path: string): void {
    this.map.pin(path)
  }

  /** Closes a map that was opened by itself, out of a map of maps. The program's own maps are closed with it. */
  [Symbol.dispose](): void {
    this.map[Symbol.dispose]()
  }
}
