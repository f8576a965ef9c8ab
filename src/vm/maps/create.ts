import { SkepError } from "../../base/index.ts"
import { mapTypes } from "../../isa/index.ts"
import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { ArenaMap } from "./arena.ts"
import { ArrayMap } from "./array.ts"
import { BloomMap } from "./bloom.ts"
import { HashMap } from "./hash.ts"
import { LpmTrieMap } from "./lpmTrie.ts"
import type { VmMap } from "./map.ts"
import { ArrayOfMaps, HashOfMaps } from "./ofMaps.ts"
import { PerfEventArrayMap } from "./perfEventArray.ts"
import { ProgArrayMap } from "./progArray.ts"
import { QueueMap } from "./queue.ts"
import { RingbufMap } from "./ringbuf.ts"
import { SocketTable } from "./sockets.ts"
import { StackTraceMap } from "./stackTrace.ts"
import { StorageMap } from "./storage.ts"
import { TargetMap } from "./targets.ts"
import { UserRingbufMap } from "./userRingbuf.ts"

type Maker = (core: Core, spec: MapSpec, inner: MapSpec | undefined) => VmMap

const array: Maker = (core, spec) => new ArrayMap(core, spec)
const hash: Maker = (core, spec) => new HashMap(core, spec)
const targets: Maker = (core, spec) => new TargetMap(core, spec)
const sockets: Maker = (core, spec) => new SocketTable(core, spec)
const storage: Maker = (core, spec) => new StorageMap(core, spec)

/** How each type of map is made. Tables of targets (devices, CPUs) are arrays and hashes of numbers. */
const MAKERS: Readonly<Record<string, Maker>> = {
  array,
  percpu_array: array,
  hash,
  percpu_hash: hash,
  lru_hash: hash,
  lru_percpu_hash: hash,
  lpm_trie: (core, spec) => new LpmTrieMap(core, spec),
  array_of_maps: (core, spec, inner) => new ArrayOfMaps(core, spec, inner as MapSpec),
  hash_of_maps: (core, spec, inner) => new HashOfMaps(core, spec, inner as MapSpec),
  prog_array: (core, spec) => new ProgArrayMap(core, spec),
  perf_event_array: (core, spec) => new PerfEventArrayMap(core, spec),
  ringbuf: (core, spec) => new RingbufMap(core, spec),
  user_ringbuf: (core, spec) => new UserRingbufMap(core, spec),
  queue: (core, spec) => new QueueMap(core, spec),
  stack: (core, spec) => new QueueMap(core, spec),
  bloom_filter: (core, spec) => new BloomMap(core, spec),
  stack_trace: (core, spec) => new StackTraceMap(core, spec),
  devmap: targets,
  cpumap: targets,
  xskmap: targets,
  sockmap: sockets,
  sockhash: sockets,
  reuseport_sockarray: sockets,
  cgroup_array: targets,
  devmap_hash: hash,
  task_storage: storage,
  inode_storage: storage,
  sk_storage: storage,
  cgrp_storage: storage,
  cgroup_storage: storage,
  percpu_cgroup_storage: storage,
  arena: (core, spec) => new ArenaMap(core, spec),
}

/** Bytes of a ring buffer that does not say how many, and the multiple that rings have. */
const RING_BYTES = 1 << 18
const PAGE = 4096

function entriesOf({ type, maxEntries }: MapSpec, cpus: number): number {
  if (!type.endsWith("ringbuf")) return maxEntries === 0 && type === "perf_event_array" ? cpus : maxEntries
  return maxEntries === 0 ? RING_BYTES : PAGE * 2 ** Math.max(0, Math.ceil(Math.log2(maxEntries / PAGE)))
}

/** Makes a map, empty. @throws SkepError VM_MAP_TYPE, VM_MAP_REFUSED, VM_MEMORY */
export function createMap(core: Core, given: MapSpec, inner: MapSpec | undefined): VmMap {
  const maker = MAKERS[given.type]
  if (maker === undefined) {
    const known = mapTypes.number(given.type) !== undefined
    throw new SkepError({
      code: "VM_MAP_TYPE",
      message: `map ${given.name} has the type ${given.type}, which ${known ? "the embedded machine does not have" : "is none of the kernel's"}`,
      hint: known
        ? "run the program in the kernel"
        : "use a type of enum bpf_map_type: hash, array, perf_event_array, ringbuf, …",
    })
  }
  const spec = { ...given, maxEntries: entriesOf(given, core.environment.cpus) }
  const wrong = refusal(spec)
  if (wrong !== undefined) {
    throw new SkepError({
      code: "VM_MAP_REFUSED",
      message: `map ${spec.name} (${spec.type}, ${spec.maxEntries} entries) cannot be made: ${wrong}`,
      why: `a key of ${spec.keySize} bytes, a value of ${spec.valueSize} bytes, flags 0x${spec.flags.toString(16)}`,
      hint: wrong,
    })
  }
  return maker(core, spec, inner)
}

const INDEXED = /array|^(devmap|cpumap|xskmap|sockmap)$/
const KEYLESS = new Set(["queue", "stack", "bloom_filter", "ringbuf", "user_ringbuf", "arena"])
const NO_ENTRIES = /storage$/
const BPF_F_NO_PREALLOC = 1

/** Bytes of an array's element at most: the memory of a machine. */
const MOST_BYTES = 2 ** 30
/** Bytes of an element that the kernel allocates in one piece (KMALLOC_MAX_SIZE). */
const MOST_ELEMENT = 2 ** 22

/** The rules that the kernel refuses maps by. */
function refusal({ type, keySize, valueSize, maxEntries, flags }: MapSpec): string | undefined {
  if (type.endsWith("ringbuf") && (keySize !== 0 || valueSize !== 0)) return "a ring buffer has neither keys nor values"
  if (valueSize > (type.endsWith("array") ? MOST_BYTES : MOST_ELEMENT)) return "a value is larger than any that is made"
  if (NO_ENTRIES.test(type)) return maxEntries === 0 ? undefined : "local storage has no number of entries"
  if (maxEntries === 0) return "a map has at least one entry"
  if (KEYLESS.has(type)) return keySize === 0 ? undefined : `a map of type ${type} has no keys`
  if (INDEXED.test(type) && keySize !== 4) return "the key of an array is a 4-byte index"
  if (type === "lpm_trie" && (flags & BPF_F_NO_PREALLOC) === 0) return "a prefix tree needs the flag BPF_F_NO_PREALLOC"
  if (type === "lpm_trie" && (keySize < 5 || keySize > 260))
    return "the key of a prefix tree is a length and 1 to 256 bytes"
  if (keySize === 0) return "a map of this type has keys"
  if (keySize > 512) return "a key of a hash has at most 512 bytes"
  if (type.endsWith("_of_maps") && valueSize !== 4) return "the value of a map of maps is a 4-byte descriptor"
  return valueSize === 0 ? "a map of this type has values" : undefined
}
