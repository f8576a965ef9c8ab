import type { Helper } from "../code.ts"
import { EINVAL, EOPNOTSUPP } from "../errno.ts"
import type { VmMap } from "../maps/map.ts"
import { ArrayOfMaps, HashOfMaps } from "../maps/ofMaps.ts"
import { ProgArrayMap } from "../maps/progArray.ts"
import { MAX_TAIL_CALLS, type Run } from "../run.ts"

/** Maps of maps give maps, which programs have by their address, too. */
const holdsMaps = (map: VmMap): boolean => map instanceof ArrayOfMaps || map instanceof HashOfMaps

function lookup(run: Run, map: VmMap, key: number, cpu: number): number {
  // What is found is in the machine's memory, whoever's it is.
  return run.pointer(map.lookup(key, map.copies === 1 ? 0 : cpu))
}

export const mapHelpers: Readonly<Record<string, Helper>> = {
  bpf_map_lookup_elem(run, mapLow, mapHigh, key, keyHigh) {
    const map = run.map(mapLow, mapHigh)
    return lookup(run, map, run.readable(key, keyHigh, map.keySize), run.cpu)
  },

  bpf_map_lookup_percpu_elem(run, mapLow, mapHigh, key, keyHigh, cpu) {
    const map = run.map(mapLow, mapHigh)
    if (cpu >>> 0 >= map.copies) return 0
    return lookup(run, map, run.readable(key, keyHigh, map.keySize), cpu)
  },

  bpf_map_update_elem(run, mapLow, mapHigh, key, keyHigh, value, valueHigh, flags, flagsHigh) {
    const map = run.map(mapLow, mapHigh)
    if (flagsHigh !== 0 || holdsMaps(map)) return run.signed(-EINVAL)
    run.readable(key, keyHigh, map.keySize)
    run.readable(value, valueHigh, map.valueSize)
    return run.signed(map.update(key, value, flags >>> 0, map.copies === 1 ? 0 : run.cpu))
  },

  bpf_map_delete_elem(run, mapLow, mapHigh, key, keyHigh) {
    const map = run.map(mapLow, mapHigh)
    return run.signed(map.delete(run.readable(key, keyHigh, map.keySize)))
  },

  bpf_map_push_elem(run, mapLow, mapHigh, value, valueHigh, flags) {
    const map = run.map(mapLow, mapHigh)
    return run.signed(map.push(run.readable(value, valueHigh, map.valueSize), flags >>> 0))
  },

  bpf_map_pop_elem(run, mapLow, mapHigh, value, valueHigh) {
    const map = run.map(mapLow, mapHigh)
    return run.signed(map.pop(run.writable(value, valueHigh, map.valueSize)))
  },

  bpf_map_peek_elem(run, mapLow, mapHigh, value, valueHigh) {
    const map = run.map(mapLow, mapHigh)
    return run.signed(map.peek(run.writable(value, valueHigh, map.valueSize)))
  },

  bpf_for_each_map_elem(run, mapLow, mapHigh, callback, callbackHigh, context, contextHigh, flags, flagsHigh) {
    const map = run.map(mapLow, mapHigh)
    if ((flags | flagsHigh) !== 0) return run.signed(-EINVAL)
    const { memory } = run
    // The callback may delete what it is given.
    const keys: Uint8Array[] = []
    const key = memory.allocate(map.keySize, `a key of map ${map.name}`, { access: "read" })
    try {
      for (let after = 0; ; after = key) {
        const result = map.nextKey(after, key)
        if (result === -EOPNOTSUPP) return run.signed(result)
        if (result < 0) break
        keys.push(memory.copy(key, map.keySize))
      }
      let calls = 0
      for (const bytes of keys) {
        memory.u8.set(bytes, key)
        const value = map.lookup(key, map.copies === 1 ? 0 : run.cpu)
        if (value === 0) continue
        calls++
        const high = mapHigh
        const ended = run.callback(callback, callbackHigh, mapLow, high, key, high, value, high, context, contextHigh)
        if (ended !== 0) break
      }
      return calls
    } finally {
      memory.free(key)
    }
  },

  bpf_tail_call(run, context, contextHigh, mapLow, mapHigh, index) {
    const map = run.map(mapLow, mapHigh)
    const target = map instanceof ProgArrayMap ? map.program(index >>> 0) : undefined
    if (target === undefined || run.tailCalls >= MAX_TAIL_CALLS) return run.signed(-EINVAL)
    run.tailCalls++
    return run.leaveFor(target, context, contextHigh)
  },
}
