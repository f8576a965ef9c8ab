import type { Btf } from "./btf.ts"
import { badBtf } from "./error.ts"

/** Deepest nesting of anonymous members that is followed. */
const MAX_NESTING = 64

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
  return name === "" ? undefined : search(btf, id, name, 0, [])
}

function search(btf: Btf, id: number, name: string, bitOffset: number, path: number[]): FoundMember | undefined {
  if (path.length > MAX_NESTING) {
    throw badBtf("BTF_CYCLE", `anonymous members of BTF type ${id} nest deeper than ${MAX_NESTING}`)
  }
  const record = btf.resolved(id)
  if (record.kind !== "struct" && record.kind !== "union") return undefined
  const { members } = record
  for (let i = 0; i < members.length; i++) {
    const m = members[i]
    if (m.name === name) {
      return { name, type: m.type, bitOffset: bitOffset + m.bitOffset, bitSize: m.bitSize, path: [...path, i] }
    }
    if (m.name === "") {
      path.push(i)
      const inner = search(btf, m.type, name, bitOffset + m.bitOffset, path)
      if (inner !== undefined) return inner
      path.pop()
    }
  }
  return undefined
}
