import type { LoadedMap, SharedMemory } from "../machine/index.ts"
import { callFailed, pageSize } from "./host/index.ts"
import { EACCES, ENOTSUPP, EPERM, sys } from "./raw/index.ts"

/** `BPF_F_MMAPABLE` */
const MMAPABLE = 1 << 10
const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 1

/**
 * Memory goes back to the kernel when nothing refers to its buffer any more, and not when the map is closed: a view that
 * somebody kept must not become a fault.
 */
const mapped = new FinalizationRegistry(({ address, length }: { address: number; length: number }) => {
  const { call, numbers } = sys()
  call(numbers.munmap, address, length)
})

/** The memory at an address, which goes back when nothing refers to it any more. */
export function lastingView(address: number, length: number): Uint8Array {
  const whole = sys().view(address, length)
  mapped.register(whole.buffer, { address, length })
  return whole
}

/** Maps the elements of an array; undefined where the map does not allow it. A frozen one is read-only. Linux 5.5. */
export function mapMemory(map: LoadedMap, fd: number): SharedMemory | undefined {
  if (map.type !== "array" || (map.spec.flags & MMAPABLE) === 0) return undefined
  const stride = (map.valueSize + 7) & ~7
  const page = pageSize()
  const length = Math.ceil((stride * map.maxEntries) / page) * page
  let writable = true
  let address = mmap(fd, length, PROT_READ | PROT_WRITE)
  if (address === -EPERM || address === -EACCES) {
    writable = false
    address = mmap(fd, length, PROT_READ)
  }
  // Spin locks and kernel pointers in a value are nothing to be shared.
  if (address === -ENOTSUPP) return undefined
  if (address < 0) throw callFailed(`mapping the memory of map ${map.name}`, -address)
  return { bytes: lastingView(address, length).subarray(0, stride * map.maxEntries), stride, writable }
}

function mmap(fd: number, length: number, protection: number): number {
  const { call, numbers } = sys()
  return call(numbers.mmap, 0, length, protection, MAP_SHARED, fd, 0)
}
