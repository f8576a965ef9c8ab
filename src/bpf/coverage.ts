import type { CountedPlaces } from "../ir/index.ts"
import type { LoadedMap } from "../machine/index.ts"
import type { BranchHits, FileCoverage, FunctionHits } from "../vm/index.ts"

/** The counts of a program that counts its places. */
export class PlaceCounts {
  readonly #counted: CountedPlaces
  readonly #map: LoadedMap
  /** The last counts, of a program that is gone. */
  #last: Uint8Array | undefined

  constructor(counted: CountedPlaces, map: LoadedMap) {
    this.#counted = counted
    this.#map = map
  }

  /** Keeps the counts: the map goes. */
  end(): void {
    this.#last ??= this.#map.memory()?.bytes.slice()
  }

  /** By file. A line whose code is in several blocks counts where it ran most. */
  files(): FileCoverage[] {
    const bytes = this.#last ?? this.#map.memory()?.bytes
    const counts = bytes && new DataView(bytes.buffer, bytes.byteOffset)
    const files = new Map<string, { lines: Map<number, number>; functions: FunctionHits[]; branches: BranchHits[] }>()
    for (const [i, { file, line, kind, function: name, way }] of this.#counted.places.entries()) {
      const hits = Number(counts?.getBigUint64(8 * i, true) ?? 0n)
      let found = files.get(file)
      if (found === undefined) files.set(file, (found = { lines: new Map(), functions: [], branches: [] }))
      if (kind === "function") found.functions.push({ name, file, line, hits })
      else if (kind === "line") found.lines.set(line, Math.max(found.lines.get(line) ?? 0, hits))
      else found.branches.push({ line, branch: found.branches.length >> 1, way, hits })
    }
    return Array.from(files, ([file, { lines, ...rest }]) => ({
      file,
      lines: new Map([...lines].sort(([a], [b]) => a - b)),
      ...rest,
    }))
  }
}
