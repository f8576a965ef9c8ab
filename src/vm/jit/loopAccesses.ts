import * as o from "../../isa/index.ts"
import { type Extent, type Extents, FRAME, NUMBER } from "./extents.ts"

/** A load or store of a loop. */
export interface Access {
  readonly i: number
  readonly block: number
  readonly register: number
  /** The web in the register. */
  readonly web: number
  /** Whether every run of the access in a turn is at the same address: it is in no inner loop, and the web is written once. */
  readonly once: boolean
  readonly off: number
  readonly size: number
  readonly stores: boolean
}

/** The end of what accesses reach in memory, from 0 or the frame's start on; undefined where that is not known. */
export function reachOf(accesses: readonly Access[], extents: Extents): number | undefined {
  let reach = 0
  for (const { i, register, off, size } of accesses) {
    const extent = extents.of(i, register)
    if (extent === undefined || extent.from + off < (extent.root === FRAME ? -o.MAX_BPF_STACK : 0)) return undefined
    const end = extent.to + off + size
    if (extent.root === NUMBER) reach = Math.max(reach, end)
    else if (extent.root !== FRAME || end > 0) return undefined
  }
  return reach
}

/**
 * Whether no turn may read or write what another one writes. Stores are at another address in each turn.
 * `isFixed` tells whether a web keeps its value for the whole loop.
 */
export function areIndependent(
  accesses: readonly Access[],
  extents: Extents,
  isFixed: (web: number) => boolean,
): boolean {
  if (accesses.length === 1) return true
  const reached = accesses.map(({ i, register }) => extents.of(i, register))
  return accesses.every((store, n) => {
    return (
      !store.stores ||
      accesses.every((other, m) => {
        if (m === n || isSame(store, other)) return true
        const [mine, its] = [reached[n], reached[m]]
        if (mine === undefined || its === undefined || mine.root !== its.root) return false
        return (mine.root < 0 || isFixed(mine.root)) && areApart(store, mine, other, its)
      })
    )
  })
}

/** Whether two accesses of a turn reach the same bytes, which are those of the turn alone. */
const isSame = (x: Access, y: Access): boolean =>
  x.once && y.once && x.web === y.web && x.off === y.off && x.size === y.size

const areApart = (x: Access, mine: Extent, y: Access, its: Extent): boolean =>
  mine.to + x.off + x.size <= its.from + y.off || its.to + y.off + y.size <= mine.from + x.off
