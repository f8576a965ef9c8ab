import type { Btf } from "./btf.ts"
import { badBtf } from "./error.ts"
import { isRecord } from "./types.ts"

/** Deepest nesting of anonymous members that is followed, and most of them that are looked into. */
const MAX_NESTING = 64
const MAX_VISITED = 10_000

/** A member found by name, its place counted from the outermost record. */
export interface FoundMember {
  readonly name: string
  readonly type: number
  /** From the start of the record that was asked. */
  readonly bitOffset: number
  /** Width of a bit-field; 0 for other members. */
  readonly bitSize: number
  /** Member indexes from the outermost record inwards, through the anonymous members: a CO-RE access path. */
  readonly path: readonly number[]
}

/**
 * Finds a member of a struct or union (or of what a typedef of one stands for) by name, also inside anonymous members.
 * Undefined when there is none, and when the type is not a record.
 * @throws SkepError BTF_BAD_ID, BTF_CYCLE
 */
export function findMember(btf: Btf, id: number, name: string): FoundMember | undefined {
  return name === "" ? undefined : search({ btf, name, path: [], visited: 0 }, id, 0)
}

interface Search {
  readonly btf: Btf
  readonly name: string
  readonly path: number[]
  visited: number
}

function search(state: Search, id: number, bitOffset: number): FoundMember | undefined {
  const { name, path } = state
  if (path.length > MAX_NESTING || ++state.visited > MAX_VISITED) {
    throw badBtf("BTF_CYCLE", `anonymous members of BTF type ${id} nest without end`)
  }
  const record = state.btf.resolved(id)
  if (!isRecord(record)) return undefined
  const { members } = record
  for (let i = 0; i < members.length; i++) {
    const m = members[i]
    if (m.name === name) {
      return { name, type: m.type, bitOffset: bitOffset + m.bitOffset, bitSize: m.bitSize, path: [...path, i] }
    }
    if (m.name === "") {
      path.push(i)
      const inner = search(state, m.type, bitOffset + m.bitOffset)
      if (inner !== undefined) return inner
      path.pop()
    }
  }
  return undefined
}
