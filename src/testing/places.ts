import type { CountingObject } from "../bpf/index.ts"
import type { LoadedMap } from "../machine/index.ts"
import type { BranchHits, FileCoverage, FunctionHits } from "../vm/index.ts"

/** What a program that counts its places counted so far, by file. A line whose code is in several blocks counts where it ran most. */
export function placesHit(places: CountingObject["places"], map: LoadedMap | undefined): FileCoverage[] {
  const memory = map?.memory()?.bytes
  const counts = memory && new DataView(memory.buffer, memory.byteOffset)
  const files = new Map<string, { lines: Map<number, number>; functions: FunctionHits[]; branches: BranchHits[] }>()
  for (const [i, { file, line, kind, function: name, way }] of places.entries()) {
    const hits = Number(counts?.getBigUint64(8 * i, true) ?? 0n)
    let found = files.get(file)
    if (found === undefined) files.set(file, (found = { lines: new Map(), functions: [], branches: [] }))
    if (kind === "function") found.functions.push({ name, file, line, hits })
    else if (kind === "line") found.lines.set(line, Math.max(found.lines.get(line) ?? 0, hits))
    else found.branches.push({ line, branch: found.branches.length >> 1, way, hits })
  }
  return Array.from(files, ([file, hit]) => ({ file, ...hit }))
}
