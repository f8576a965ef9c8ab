import { mapTypes, OP_LDDW } from "../../../src/isa/index.ts"
import { mapCreate, mapElement } from "../../../src/kernel/bpf/index.ts"
import { closeFd, sys } from "../../../src/kernel/index.ts"

/** A map that programs name by its place in the list. The keys are 4 bytes. */
export interface FuzzMap {
  readonly name: string
  readonly type: "array" | "hash"
  readonly valueSize: number
  readonly maxEntries: number
  /** Keys that are in it before a program runs: from 0 on. */
  readonly filled: number
}

export const FUZZ_MAPS: readonly FuzzMap[] = [
  { name: "array", type: "array", valueSize: 64, maxEntries: 4, filled: 4 },
  { name: "hash", type: "hash", valueSize: 48, maxEntries: 4, filled: 2 },
  { name: "small", type: "array", valueSize: 7, maxEntries: 1, filled: 1 },
]

/** What a map holds before a run. */
export const initialValue = ({ valueSize }: FuzzMap, key: number): Uint8Array =>
  Uint8Array.from({ length: valueSize }, (_, i) => (i % 8 < 2 ? key * 31 + i * 7 + 1 : 0))

export const keyBytes = (key: number): Uint8Array => Uint8Array.of(key, 0, 0, 0)

/** Slots that name a map (`BPF_PSEUDO_MAP_FD`) or its first value (`BPF_PSEUDO_MAP_VALUE`). */
export function* mapSlots(insns: Uint8Array): Generator<number> {
  for (let at = 0; at + 16 <= insns.length; at += insns[at] === OP_LDDW ? 16 : 8) {
    const pseudo = insns[at + 1] >> 4
    if (insns[at] === OP_LDDW && (pseudo === 1 || pseudo === 2)) yield at / 8
  }
}

const LOOKUP = 1
const UPDATE = 2
const DELETE = 3
const NEXT_KEY = 4
const NO_MAP = -1

/** The maps in the kernel. */
export class KernelMaps implements Disposable {
  readonly #fds: readonly number[]

  constructor() {
    this.#fds = FUZZ_MAPS.map(({ type, valueSize, maxEntries }) => {
      const fd = mapCreate({ type: mapTypes.number(type) as number, keySize: 4, valueSize, maxEntries, flags: 0 })
      if (fd < 0) throw new Error(`no ${type} map: ${fd}`)
      return fd
    })
  }

  /** A program with descriptors where it names maps. */
  named(insns: Uint8Array): Uint8Array {
    const copy = insns.slice()
    const view = new DataView(copy.buffer)
    for (const slot of mapSlots(insns)) {
      const index = view.getInt32(8 * slot + 4, true)
      view.setInt32(8 * slot + 4, this.#fds[index] ?? NO_MAP, true)
    }
    return copy
  }

  /** Makes them hold what they do before a run. */
  fill(): void {
    for (const [i, map] of FUZZ_MAPS.entries()) {
      if (map.type === "hash") this.#empty(this.#fds[i])
      for (let key = 0; key < map.filled; key++) this.#element(UPDATE, i, key, initialValue(map, key))
    }
  }

  #empty(fd: number): void {
    const key = new Uint8Array(4)
    const address = sys().address(key)
    while (mapElement(NEXT_KEY, fd, 0, address, 0) >= 0) mapElement(DELETE, fd, address, 0, 0)
  }

  /** What they hold: a value for each key, undefined where there is none. */
  content(): (Uint8Array | undefined)[] {
    return FUZZ_MAPS.flatMap((map, i) =>
      Array.from({ length: map.maxEntries }, (_, key) => {
        const value = new Uint8Array(map.valueSize)
        return this.#element(LOOKUP, i, key, value) < 0 ? undefined : value
      }),
    )
  }

  #element(command: number, map: number, key: number, value: Uint8Array): number {
    const raw = sys()
    return mapElement(command, this.#fds[map], raw.address(keyBytes(key)), raw.address(value), 0)
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds) closeFd(fd)
  }
}
