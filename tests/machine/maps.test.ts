import assert from "node:assert/strict"
import { test } from "node:test"
import type { LoadedMap } from "../../src/machine/index.ts"
import type { MapSpec } from "../../src/object/index.ts"
import { map, object } from "../support/kernel.ts"
import { type MachineUnderTest, machines, onMachines } from "../support/machines.ts"

const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer)
const u64 = (value: number): Uint8Array => new Uint8Array(new BigUint64Array([BigInt(value)]).buffer)
const read32 = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
const read64 = (bytes: Uint8Array | undefined): number | undefined =>
  bytes && Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))

/** One map in each machine, for the time of a test. */
function withMap(name: string, spec: MapSpec, run: (map: LoadedMap, machine: MachineUnderTest) => void): void {
  onMachines(name, machine => {
    using loaded = machine.load(object({ maps: [spec] }))
    run(loaded.map(spec.name), machine)
  })
}

/** The same in the kernel alone, where a map may change while it is walked. */
function inKernel(name: string, spec: MapSpec, run: (map: LoadedMap) => void): void {
  const [kernel] = machines
  test(name, { skip: kernel.skip }, () => {
    using loaded = kernel.load(object({ maps: [spec] }))
    run(loaded.map(spec.name))
  })
}

const code = (wanted: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, wanted)
  return true
}

withMap("a hash takes, gives and deletes", map("h", "hash"), h => {
  assert.equal(h.lookup(u32(1)), undefined)
  h.update(u32(1), u64(11))
  h.update(u32(2), u64(22))
  assert.equal(read64(h.lookup(u32(1))), 11)
  const into = new Uint8Array(8)
  assert.equal(h.lookupInto(u32(2), into), true)
  assert.equal(read64(into), 22)
  assert.equal(h.lookupInto(u32(3), into), false)
  assert.equal(h.delete(u32(1)), true)
  assert.equal(h.delete(u32(1)), false)
  assert.equal(read64(h.lookupAndDelete(u32(2))), 22)
  assert.equal(h.lookupAndDelete(u32(2)), undefined)
})

withMap("update modes", map("h", "hash"), h => {
  assert.throws(() => h.update(u32(1), u64(1), "present"), code("MACHINE_NO_KEY"))
  h.update(u32(1), u64(1), "absent")
  assert.throws(() => h.update(u32(1), u64(2), "absent"), code("MACHINE_KEY_EXISTS"))
  h.update(u32(1), u64(3), "present")
  assert.equal(read64(h.lookup(u32(1))), 3)
})

withMap("a full map says how many entries it holds", map("stats", "hash", { maxEntries: 2 }), h => {
  h.update(u32(1), u64(1))
  h.update(u32(2), u64(1))
  assert.throws(() => h.update(u32(3), u64(1)), {
    code: "MACHINE_MAP_FULL",
    message: "map stats is full: it holds 2 entries",
  })
})

withMap("an index beyond an array", map("a", "array", { maxEntries: 2 }), a => {
  assert.equal(a.lookup(u32(2)), undefined)
  assert.throws(() => a.update(u32(2), u64(1)), {
    code: "MACHINE_MAP_FULL",
    message: "map a has no such index: it holds 2 elements, counted from 0",
  })
})

withMap("keys and values of the wrong length", map("h", "hash"), h => {
  assert.throws(() => h.lookup(u64(1)), { message: "a key of map h has 4 bytes, not 8" })
  assert.throws(() => h.update(u32(1), u32(1)), { message: "a value of map h has 8 bytes, not 4" })
  assert.throws(() => h.lookupInto(u32(1), u32(1)), code("MACHINE_SIZE"))
  assert.throws(() => h.updateMany([u32(1)], []), code("MACHINE_SIZE"))
})

for (const type of ["hash", "lru_hash", "percpu_hash", "array", "percpu_array", "lpm_trie"]) {
  const trie = type === "lpm_trie"
  const spec = map("m", type, { maxEntries: 5000, ...(trie && { keySize: 8, flags: 1 }) })
  const key = (i: number): Uint8Array => (trie ? new Uint8Array(new Uint32Array([32, i]).buffer) : u32(i))
  withMap(`all 5,000 entries of ${type}, each once`, spec, m => {
    const keys = Array.from({ length: 5000 }, (_, i) => key(i))
    const values = keys.map((_, i) => {
      const value = new Uint8Array(m.valueSize)
      for (let cpu = 0; cpu < m.copies; cpu++) value.set(u64(i + cpu), cpu * 8)
      return value
    })
    m.updateMany(keys, values)
    // A least-recently-used map may drop entries before it is full, but says nothing twice.
    const seen = new Map<number, Uint8Array>()
    for (const [k, v] of m.entries()) {
      const i = read32(k.subarray(k.length - 4))
      assert.equal(seen.has(i), false)
      seen.set(i, v)
    }
    if (type !== "lru_hash") assert.equal(seen.size, 5000)
    for (const [i, v] of seen) assert.deepEqual(v, values[i])
    m.clear()
    const left = [...m.entries()]
    if (type.endsWith("array")) assert.ok(left.every(([, v]) => v.every(byte => byte === 0)))
    else assert.equal(left.length, 0)
  })
}

withMap(
  "a per-CPU value has one part for every possible CPU",
  map("p", "percpu_array", { valueSize: 4 }),
  (p, machine) => {
    assert.equal(p.copies, machine.cpus)
    assert.equal(p.valueSize, 8 * machine.cpus)
  },
)

withMap("many deletes count what was there", map("h", "hash", { maxEntries: 100 }), h => {
  h.updateMany([u32(1), u32(3), u32(5)], [u64(1), u64(3), u64(5)])
  assert.equal(h.deleteMany([u32(1), u32(2), u32(3), u32(4)]), 2)
  assert.deepEqual([...h.keys()].map(read32), [5])
})

withMap("many updates stop where the map is full, and the ones before stay", map("h", "hash", { maxEntries: 2 }), h => {
  const keys = [u32(1), u32(2), u32(3)]
  assert.throws(() => h.updateMany(keys, [u64(1), u64(2), u64(3)], "absent"), code("MACHINE_MAP_FULL"))
  assert.equal([...h.keys()].length, 2)
})

withMap("drain gives all entries and empties the map", map("h", "hash"), h => {
  h.updateMany([u32(1), u32(2)], [u64(10), u64(20)])
  const drained = h.drain().map(([k, v]) => [read32(k), read64(v)])
  assert.deepEqual(drained.sort(), [
    [1, 10],
    [2, 20],
  ])
  assert.deepEqual([...h.entries()], [])
})

withMap("keys one after another", map("h", "hash"), h => {
  assert.equal(h.nextKey(), undefined)
  h.updateMany([u32(7), u32(8), u32(9)], [u64(1), u64(1), u64(1)])
  const found: number[] = []
  for (let key = h.nextKey(); key !== undefined; key = h.nextKey(key)) found.push(read32(key))
  assert.deepEqual(found.sort(), [7, 8, 9])
})

withMap("a queue is pushed to and popped from", map("q", "queue", { keySize: 0 }), q => {
  q.push(u64(1))
  q.push(u64(2))
  assert.equal(read64(q.lookup(new Uint8Array(0))), 1)
  assert.equal(read64(q.lookupAndDelete(new Uint8Array(0))), 1)
  q.clear()
  assert.equal(q.lookupAndDelete(new Uint8Array(0)), undefined)
})

withMap("a hash has no push", map("h", "hash"), h => assert.throws(() => h.push(u64(1)), code("MACHINE_UNSUPPORTED")))

withMap(
  "a program array takes descriptors of programs only",
  map("p", "prog_array", { valueSize: 4 }),
  (p, { name }) => {
    const wanted = name === "vm" ? "VM_BAD_HANDLE" : "KERNEL_CALL"
    assert.throws(() => p.update(u32(0), u32(9999)), code(wanted))
  },
)

withMap("deleting from an array sets zero", map("a", "array"), a => {
  a.update(u32(3), u64(5))
  assert.equal(a.delete(u32(3)), true)
  assert.equal(read64(a.lookup(u32(3))), 0)
  assert.equal(a.delete(u32(99)), false)
})

withMap(
  "global data is filled in and frozen",
  map("d", "array", { maxEntries: 1, data: u64(42), frozen: true }),
  (d, { prefix }) => {
    assert.equal(read64(d.lookup(u32(0))), 42)
    assert.throws(() => d.update(u32(0), u64(1)), code(`${prefix}_MAP_READ_ONLY`))
  },
)

onMachines("a perf event array has a place for every possible CPU", machine => {
  using loaded = machine.load(object({ maps: [map("e", "perf_event_array", { valueSize: 4, maxEntries: 0 })] }))
  assert.equal(loaded.map("e").maxEntries, machine.cpus)
})

onMachines("maps of maps are made with their inner map", machine => {
  const maps = [map("outer", "hash_of_maps", { valueSize: 4, inner: "inner" }), map("inner", "array")]
  using loaded = machine.load(object({ maps }))
  loaded.map("outer").update(u32(1), u32(loaded.map("inner").fd))
  assert.equal([...loaded.map("outer").keys()].length, 1)
})

onMachines("maps of maps make maps like those they hold, and open them again", machine => {
  const inner = map("inner", "hash", { maxEntries: 3 })
  using loaded = machine.load(object({ maps: [map("outer", "array_of_maps", { valueSize: 4, innerSpec: inner })] }))
  const outer = loaded.map("outer")
  assert.equal(outer.openInner(u32(1)), undefined)
  using made = outer.makeInner()
  made.update(u32(5), u64(6))
  outer.update(u32(1), u32(made.fd))
  using opened = outer.openInner(u32(1))
  assert.equal(opened?.type, "hash")
  assert.equal(opened.maxEntries, 3)
  assert.equal(read64(opened.lookup(u32(5))), 6)
})

withMap("a Bloom filter says what it may hold", map("b", "bloom_filter", { keySize: 0, valueSize: 4 }), b => {
  assert.equal(b.contains(u32(7)), false)
  b.push(u32(7))
  assert.equal(b.contains(u32(7)), true)
})

const MMAPABLE = 1 << 10
withMap("the memory of an array is shared", map("a", "array", { valueSize: 12, flags: MMAPABLE }), a => {
  const { bytes, stride, writable } = a.memory()!
  assert.deepEqual([stride, bytes.length, writable], [16, 16 * 16, true])
  a.update(u32(2), new Uint8Array(12).fill(9))
  assert.deepEqual([bytes[31], bytes[32], bytes[43], bytes[44]], [0, 9, 9, 0])
  bytes[32] = 1
  assert.equal(a.lookup(u32(2))?.[0], 1)
  assert.equal(a.memory()?.bytes, bytes)
  a[Symbol.dispose]()
  assert.equal(bytes[32], 1)
  assert.throws(() => a.memory(), code("MACHINE_CLOSED"))
})

const frozen = map("d", "array", { maxEntries: 1, data: u64(42), frozen: true, flags: MMAPABLE })
withMap("the memory of a frozen map is read-only", frozen, d => {
  assert.equal(d.memory()?.writable, false)
  assert.equal(read64(d.memory()?.bytes), 42)
})

withMap("a map without shared memory", map("h", "hash"), h => assert.equal(h.memory(), undefined))

inKernel("a walk begins again when its element goes, and says so", map("s", "devmap_hash", { valueSize: 4 }), s => {
  for (let i = 0; i < 10; i++) s.update(u32(i), u32(1))
  const told: number[] = []
  let first: Uint8Array | undefined
  // The reader asks for the key after this one when it has gone already.
  const nextKey = s.nextKey.bind(s)
  s.nextKey = key => {
    if (key !== undefined && first === undefined) {
      first = key
      s.delete(key)
    }
    return nextKey(key)
  }
  const { count, restarts } = s.readAll({ onRestart: n => told.push(n) })
  assert.equal(count, 10)
  assert.equal(restarts, 0)
  s.nextKey = nextKey
  assert.equal([...s.keys()].length, 9)
  let calls = 0
  s.nextKey = key => {
    if (++calls === 5) s.delete(key!)
    return nextKey(key)
  }
  const again = s.readAll({ onRestart: n => told.push(n) })
  assert.equal(again.count, 9)
  assert.deepEqual([again.restarts, told], [1, [1]])
})

inKernel("a map whose elements are always gone again", map("s", "devmap_hash", { valueSize: 4 }), s => {
  for (let i = 0; i < 4; i++) s.update(u32(i), u32(1))
  const nextKey = s.nextKey.bind(s)
  s.nextKey = key => {
    if (key === undefined || read32(key) === read32(nextKey()!)) return nextKey(key)
    s.delete(key)
    const next = nextKey(key)
    s.update(key, u32(1))
    return next
  }
  assert.throws(() => s.readAll(), code("MACHINE_MAP_CHANGING"))
})

function refused(name: string, spec: MapSpec, wanted: string, hint: RegExp): void {
  onMachines(`refused: ${name}`, machine => {
    assert.throws(
      () => machine.load(object({ maps: [spec] })),
      (error: { code?: string; hint?: string }) => {
        assert.equal(error.code, wanted.startsWith("KERNEL") ? wanted : `${machine.prefix}_${wanted}`)
        assert.match(error.hint ?? "", hint)
        return true
      },
    )
  })
}
refused("no such type", map("m", "hashish"), "MAP_TYPE", /bpf_map_type/)
refused("no entries", map("m", "hash", { maxEntries: 0 }), "MAP_REFUSED", /at least one/)
refused("array key", map("m", "array", { keySize: 8 }), "MAP_REFUSED", /4-byte index/)
refused("trie flags", map("m", "lpm_trie", { keySize: 8 }), "MAP_REFUSED", /BPF_F_NO_PREALLOC/)
refused("no inner map", map("m", "array_of_maps", { valueSize: 4, inner: "x" }), "KERNEL_BAD_OBJECT", /inner map/)
refused("ring with keys", map("m", "ringbuf", { maxEntries: 4096 }), "MAP_REFUSED", /neither keys nor values/)

onMachines("a ring buffer gets the next size that one can have", machine => {
  using loaded = machine.load(object({ maps: [map("m", "ringbuf", { keySize: 0, valueSize: 0, maxEntries: 5000 })] }))
  assert.equal(loaded.map("m").maxEntries, 8192)
})

onMachines("a ring buffer that does not say its size has 256 KiB", machine => {
  using loaded = machine.load(object({ maps: [map("m", "ringbuf", { keySize: 0, valueSize: 0, maxEntries: 0 })] }))
  assert.equal(loaded.map("m").maxEntries, 256 << 10)
})

onMachines("a closed map says so", machine => {
  const loaded = machine.load(object({ maps: [map("h", "hash")] }))
  const h = loaded.map("h")
  loaded[Symbol.dispose]()
  loaded[Symbol.dispose]()
  assert.throws(() => h.lookup(u32(1)), { code: "MACHINE_CLOSED", message: "map h has been closed" })
})

onMachines("an unknown map names the ones there are", machine => {
  using loaded = machine.load(object({ maps: [map("one", "hash"), map("two", "hash")] }))
  assert.throws(() => loaded.map("three"), { code: "MACHINE_NO_MAP", hint: "it has: one, two" })
})
