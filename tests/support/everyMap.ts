import { mapTypes } from "../../src/isa/index.ts"
import { type MapCreate, mapCreate } from "../../src/kernel/bpf/index.ts"
import { closeFd } from "../../src/kernel/raw/index.ts"

/** What types of maps want that is not a key of 4 bytes and a value of 8. */
const SPECIAL: Readonly<Record<string, Partial<MapCreate>>> = {
  prog_array: { valueSize: 4 },
  perf_event_array: { valueSize: 4 },
  cgroup_array: { valueSize: 4 },
  lpm_trie: { keySize: 8, flags: 1 },
  devmap: { valueSize: 4 },
  devmap_hash: { valueSize: 4 },
  cpumap: { valueSize: 4 },
  xskmap: { valueSize: 4 },
  sockmap: { valueSize: 4 },
  sockhash: { valueSize: 4 },
  cgroup_storage: { keySize: 8, maxEntries: 0 },
  percpu_cgroup_storage: { keySize: 8, maxEntries: 0 },
  queue: { keySize: 0 },
  stack: { keySize: 0 },
  bloom_filter: { keySize: 0 },
  ringbuf: { keySize: 0, valueSize: 0, maxEntries: 4096 },
  user_ringbuf: { keySize: 0, valueSize: 0, maxEntries: 4096 },
  arena: { keySize: 0, valueSize: 0, flags: 1 << 10 },
}

/** One map of each type that the running kernel makes without BTF, by name; closed by {@link Symbol.dispose}. */
export function everyMap(): ReadonlyMap<string, number> & Disposable {
  const maps = new Map<string, number>()
  const plain = mapCreate({ type: 2, keySize: 4, valueSize: 8, maxEntries: 1, flags: 0 })
  for (const type of mapTypes.names()) {
    const shape = { keySize: 4, valueSize: 8, maxEntries: 1, flags: 0, ...SPECIAL[type] }
    const outer = type.endsWith("_of_maps") ? { valueSize: 4, innerFd: plain } : {}
    const fd = mapCreate({ type: mapTypes.number(type)!, ...shape, ...outer })
    if (fd >= 0) maps.set(type, fd)
  }
  closeFd(plain)
  return Object.assign(maps, {
    [Symbol.dispose]() {
      for (const fd of maps.values()) closeFd(fd)
    },
  })
}
