import type { LoadedMap } from "../../src/machine/index.ts"
import type { System } from "../../src/sim/index.ts"

/**
 * What tools write into their tables before they wait for events, and what the user of a tool has written into tables that are pinned: the
 * control groups and mount namespaces of containers to look at.
 */
const TABLES: Readonly<Record<string, (map: LoadedMap, system: System) => void>> = {
  /** klockstat switches its program on when all functions are attached. */
  enabled: map => map.update(number(0, map.keySize), number(1, map.valueSize)),
  /** netqtop: the device whose queues are to be looked at. */
  name_map: map => map.update(number(0, map.keySize), text("lo", map.valueSize)),
  cgroupset: (map, system) => {
    for (const { group } of system.processes()) map.update(number(group.id, 8), number(0, map.valueSize))
  },
  mount_ns_set: (map, system) => {
    const { inum } = system.objects.mountNamespace
    map.update(number(inum, 8), number(0, map.valueSize))
  },
}

/** Fills the tables of a program as its tool and its user do. */
export function fillTables(maps: Iterable<LoadedMap>, system: System): void {
  for (const map of maps) if (Object.hasOwn(TABLES, map.name)) TABLES[map.name](map, system)
}

/** Numbers of processes, threads, ports … that the tool was called with. */
export function numbersOf(argv: readonly string[]): number[] {
  return argv.flatMap(word => (/^\d+(,\d+)*$/.test(word) ? word.split(",").map(Number) : []))
}

function number(value: number | bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(8, size))
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes.subarray(0, size)
}

function text(value: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  bytes.set(new TextEncoder().encode(value).subarray(0, size))
  return bytes
}
