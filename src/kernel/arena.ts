import { callFailed, pageSize } from "./host/index.ts"
import type { KernelMap } from "./map.ts"
import { sys } from "./raw/index.ts"

const PROT_READ_WRITE = 3
const MAP_SHARED = 1
const MAP_FIXED_NOREPLACE = 0x100000

/**
 * Gives an arena its address in this process, which programs of it need before they are loaded: the one that the map
 * asks for, or any. Initial data goes to its first pages. The memory is given back when the map is closed.
 */
export function openArena(map: KernelMap): void {
  const { call, numbers, view } = sys()
  const { mapExtra = 0, data } = map.spec
  const length = map.maxEntries * pageSize()
  const flags = mapExtra === 0 ? MAP_SHARED : MAP_SHARED | MAP_FIXED_NOREPLACE
  const address = call(numbers.mmap, mapExtra, length, PROT_READ_WRITE, flags, map.fd, 0)
  if (address < 0) {
    const errno = -address
    map[Symbol.dispose]()
    throw callFailed(`mapping arena ${map.name} of ${length} bytes`, errno, {
      hint: "an arena has the flag BPF_F_MMAPABLE, at most 4 GB, and an address (map_extra) that is free",
    })
  }
  map.adoptMemory(address, length)
  if (data !== undefined && data.length > 0) view(address, data.length).set(data)
}
