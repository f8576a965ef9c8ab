import type { Helper } from "../code.ts"
import { EINVAL } from "../errno.ts"
import { ArenaMap } from "../maps/arena.ts"
import type { Run } from "../run.ts"

function arenaAt(run: Run, low: number, high: number): ArenaMap | undefined {
  const map = run.map(low, high)
  return map instanceof ArenaMap ? map : undefined
}

/** Pages of arenas (BPF_MAP_TYPE_ARENA). They have the same address in both address spaces. Source: kernel/bpf/arena.c. */
export const arenaKfuncs: Readonly<Record<string, Helper>> = {
  bpf_arena_alloc_pages(run, map, mapHigh, at, _atHigh, pages, _pagesHigh, _node, _nodeHigh, flags, flagsHigh) {
    const arena = arenaAt(run, map, mapHigh)
    if (arena === undefined || (flags | flagsHigh) !== 0) return 0
    return run.pointer(arena.allocate(pages >>> 0, at >>> 0))
  },

  bpf_arena_free_pages(run, map, mapHigh, at, _atHigh, pages) {
    arenaAt(run, map, mapHigh)?.free(at >>> 0, pages >>> 0)
    return 0
  },

  /** Linux 6.17. */
  bpf_arena_reserve_pages(run, map, mapHigh, at, _atHigh, pages) {
    const arena = arenaAt(run, map, mapHigh)
    if (arena === undefined) return run.signed(-EINVAL)
    return pages === 0 ? 0 : run.signed(arena.reserve(at >>> 0, pages >>> 0))
  },
}
