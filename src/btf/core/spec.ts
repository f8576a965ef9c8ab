import type { Btf } from "../btf.ts"
import { badBtf } from "../error.ts"
import type { CoreKind } from "../ext.ts"
import { sizeOf } from "../size.ts"
import { type BtfType, isRecord } from "../types.ts"

/** One step from a type to what is in it. */
export interface CoreStep {
  /** The record that has the member; the element type of an array; id without typedefs and qualifiers. */
  readonly type: number
  /** Member or element. */
  readonly index: number
  /** Name of the member; undefined for an element. */
  readonly name?: string
}

/**
 * What a relocation's access string says about a type. Steps through anonymous members are left out: the kernel may
 * have the named member elsewhere.
 *
 *     struct s { int a; union { int b; struct { int c[4]; }; }; }
 *
 *     0:1:1:0:2    of s: element 0 of s, member c, element 2
 */
export interface CoreSpec {
  readonly btf: Btf
  /** As it stands in the relocation, or the candidate's id. */
  readonly root: number
  /** Of a field: the first step is the element of an array of the root type. */
  readonly steps: readonly CoreStep[]
  readonly bitOffset: number
  /** Of an enumerator: its place in the list. */
  readonly enumerator?: number
}

/** Most steps that are followed, as in the kernel. */
const MAX_STEPS = 64

export const isEnum = (type: BtfType): type is Extract<BtfType, { kind: "enum" | "enum64" }> =>
  type.kind === "enum" || type.kind === "enum64"

export const isTypeKind = (kind: CoreKind): boolean => kind.startsWith("type_")
export const isEnumKind = (kind: CoreKind): boolean => kind.startsWith("enum_")

/** Reads an access string against a program's own types. @throws SkepError CORE_ACCESS */
export function parseSpec(btf: Btf, root: number, access: string, kind: CoreKind): CoreSpec {
  const path = /^\d+(:\d+)*$/.test(access) ? access.split(":").map(Number) : []
  if (path.length === 0 || path.length > MAX_STEPS) throw badAccess(access, "is no list of numbers")
  if (isTypeKind(kind)) {
    if (path.length !== 1 || path[0] !== 0) throw badAccess(access, "of a type is not 0")
    return { btf, root, steps: [], bitOffset: 0 }
  }
  let id = btf.resolve(root)
  if (isEnumKind(kind)) {
    const type = btf.type(id)
    if (path.length !== 1 || !isEnum(type) || path[0] >= type.values.length) {
      throw badAccess(access, "names no enumerator of its type")
    }
    return { btf, root, steps: [], bitOffset: 0, enumerator: path[0] }
  }
  const steps: CoreStep[] = [{ type: id, index: path[0] }]
  let bitOffset = path[0] * sizeOf(btf, id) * 8
  for (const index of path.slice(1)) {
    const type = btf.resolved(id)
    if (isRecord(type)) {
      const member = type.members[index]
      if (member === undefined) throw badAccess(access, `leads past the members of ${type.kind} ${type.name}`)
      bitOffset += member.bitOffset
      if (member.name !== "") steps.push({ type: btf.resolve(id), index, name: member.name })
      id = member.type
    } else if (type.kind === "array") {
      if (index >= type.count && !isFlexible(btf, steps[steps.length - 1], type.count)) {
        throw badAccess(access, `leads past an array of ${type.count}`)
      }
      id = btf.resolve(type.type)
      steps.push({ type: id, index })
      bitOffset += index * sizeOf(btf, id) * 8
    } else throw badAccess(access, `leads into ${type.kind} ${type.name}, which has no parts`)
  }
  return { btf, root, steps, bitOffset }
}

/** Whether an array of `count` that the last step led to is a flexible one: the last member of its record. */
export function isFlexible(btf: Btf, last: CoreStep, count: number): boolean {
  if (last.name === undefined || count > 0) return false
  const record = btf.type(last.type)
  return isRecord(record) && last.index === record.members.length - 1
}

const badAccess = (access: string, what: string): Error =>
  badBtf("CORE_ACCESS", `the access string "${access}" of a CO-RE relocation ${what}`)
