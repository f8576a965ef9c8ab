import { mapTypes } from "../../../src/isa/index.ts"
import { btfLoad, type MapCreate, mapCreate } from "../../../src/kernel/bpf/index.ts"
import { closeFd } from "../../../src/kernel/index.ts"

const BPF_F_NO_PREALLOC = 1 << 0
const BPF_F_RDONLY_PROG = 1 << 7
const BPF_F_WRONLY_PROG = 1 << 8

/** `struct test_val` and `struct other_val` of test_verifier.c, in bytes. */
const TEST_VAL = 48
const OTHER_VAL = 16
/** `struct bpf_cgroup_storage_key`, and what such a map holds there. */
const CGROUP_KEY = 16
const CGROUP_VALUE = 64

type Plain = [type: string, keySize: number, valueSize: number, maxEntries: number, flags?: number]
/** Type ids of key and value in the types that the file has for its maps. */
type Typed = [...Plain, types: [key: number, value: number]]

const plain: Record<string, Plain> = {
  map_hash_8b: ["hash", 8, 8, 1, BPF_F_NO_PREALLOC],
  map_hash_48b: ["hash", 8, TEST_VAL, 1, BPF_F_NO_PREALLOC],
  map_hash_16b: ["hash", 8, OTHER_VAL, 1, BPF_F_NO_PREALLOC],
  map_array_48b: ["array", 4, TEST_VAL, 1],
  map_sockmap: ["sockmap", 4, 4, 1],
  map_sockhash: ["sockhash", 4, 4, 1],
  map_xskmap: ["xskmap", 4, 4, 1],
  map_stacktrace: ["stack_trace", 4, 8, 1],
  prog1: ["prog_array", 4, 4, 4],
  prog2: ["prog_array", 4, 4, 8],
  cgroup_storage: ["cgroup_storage", CGROUP_KEY, CGROUP_VALUE, 0],
  percpu_cgroup_storage: ["percpu_cgroup_storage", CGROUP_KEY, CGROUP_VALUE, 0],
  map_array_ro: ["array", 4, TEST_VAL, 1, BPF_F_RDONLY_PROG],
  map_array_wo: ["array", 4, TEST_VAL, 1, BPF_F_WRONLY_PROG],
  map_array_small: ["array", 4, 1, 1],
  map_event_output: ["perf_event_array", 4, 4, 1],
  map_reuseport_array: ["reuseport_sockarray", 4, 8, 1],
  map_ringbuf: ["ringbuf", 0, 0, 4096],
}
const typed: Record<string, Typed> = {
  map_spin_lock: ["array", 4, 8, 1, 0, [1, 3]],
  sk_storage_map: ["sk_storage", 4, 8, 0, BPF_F_NO_PREALLOC, [1, 3]],
  map_timer: ["array", 4, 16, 1, 0, [1, 5]],
  map_kptr: ["array", 4, 24, 1, 0, [1, 14]],
}

function request([type, keySize, valueSize, maxEntries, flags = 0]: Plain): MapCreate {
  return { type: mapTypes.number(type) as number, keySize, valueSize, maxEntries, flags }
}

/** Makes a map that the cases name, as `do_test_fixup` of the file does; its descriptor, or −errno. `types`: descriptor of the file's types. */
function make(name: string, types: () => number): number {
  if (name === "map_in_map") {
    const innerFd = mapCreate(request(["array", 4, 4, 1]))
    const outer = mapCreate({ ...request(["array_of_maps", 4, 4, 1]), innerFd })
    closeFd(innerFd)
    return outer
  }
  const known = typed[name]
  if (known === undefined) return mapCreate(request(plain[name]))
  const [type, keySize, valueSize, maxEntries, flags, [btfKeyType, btfValueType]] = known
  const map = { ...request([type, keySize, valueSize, maxEntries, flags]), name: "test_map" }
  return mapCreate({ ...map, btfFd: types(), btfKeyType, btfValueType })
}

/** The maps of the cases, each made when it is first asked for. */
export class CaseMaps implements Disposable {
  readonly #fds = new Map<string, number>()
  readonly #btf: Uint8Array
  #types: number | undefined

  constructor(btf: Uint8Array) {
    this.#btf = btf
  }

  /** Descriptor of a map; −errno if the kernel does not make it. */
  fd(name: string): number {
    let fd = this.#fds.get(name)
    if (fd === undefined) {
      fd = make(name, () => (this.#types ??= btfLoad(this.#btf)))
      this.#fds.set(name, fd)
    }
    return fd
  }

  [Symbol.dispose](): void {
    for (const fd of [...this.#fds.values(), this.#types ?? -1]) if (fd >= 0) closeFd(fd)
  }
}
