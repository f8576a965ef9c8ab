import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { sys } from "../raw/index.ts"

const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 1

/** Memory shared with the kernel. */
export interface Mapping {
  /** Not to be touched after `unmap`. */
  readonly bytes: Uint8Array
  unmap(): void
}

/** Maps `length` bytes of a descriptor from `offset` on. */
export function mapMemory(fd: number, length: number, offset: number, writable: boolean, what: string): Mapping {
  const { call, numbers, view } = sys()
  const protection = writable ? PROT_READ | PROT_WRITE : PROT_READ
  const address = call(numbers.mmap, 0, length, protection, MAP_SHARED, fd, offset)
  if (address < 0) {
    if (isPermission(-address)) throw permissionError(what, -address, ["CAP_BPF", "CAP_PERFMON"])
    throw callFailed(what, -address)
  }
  return { bytes: view(address, length), unmap: () => call(numbers.munmap, address, length) }
}

/** A 64-bit position in shared memory, read and written in one step. Positions stay below 2^53. */
export class SharedPosition {
  readonly #cell: BigUint64Array

  constructor(bytes: Uint8Array, offset: number) {
    this.#cell = new BigUint64Array(bytes.buffer, bytes.byteOffset + offset, 1)
  }

  load(): number {
    return Number(Atomics.load(this.#cell, 0))
  }

  store(value: number): void {
    Atomics.store(this.#cell, 0, BigInt(value))
  }
}
