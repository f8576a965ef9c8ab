import type { Btf } from "../btf.ts"
import { badBtf } from "../error.ts"
import { type BtfType, isRecord } from "../types.ts"
import { essentialName } from "./names.ts"
import { isEnum } from "./spec.ts"

/** Deepest nesting of pointers, arrays and prototypes that is compared, as in the kernel. */
const MAX_DEPTH = 32

/** A type of the program and one of the kernel. */
export interface Pair {
  readonly local: Btf
  readonly target: Btf
}

/** Kinds that may stand for each other: the same ones, and enumerations of any width. */
export const sameKind = (a: BtfType, b: BtfType): boolean => a.kind === b.kind || (isEnum(a) && isEnum(b))

/**
 * Whether a member of the kernel can be what the program takes it for. Sizes do not count, signedness neither: a
 * program asks for them if it cares. Pointers are all alike.
 */
export function fieldsCompatible({ local, target }: Pair, localId: number, targetId: number): boolean {
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const a = local.resolved(localId)
    const b = target.resolved(targetId)
    if (isRecord(a) && isRecord(b)) return true
    if (!sameKind(a, b)) return false
    switch (a.kind) {
      case "ptr":
      case "float":
        return true
      case "fwd":
      case "enum":
      case "enum64":
        return a.name === "" || b.name === "" || essentialName(a.name) === essentialName(b.name)
      case "int":
        return wholeInt(a) && wholeInt(b)
      case "array":
        localId = a.type
        targetId = (b as typeof a).type
        break
      default:
        return false
    }
  }
  throw tooDeep(localId)
}

/**
 * Whether two types of the same name are the same kind of thing: records and enumerations always, pointers and arrays
 * when what they are made of is, prototypes when their parameters are, one by one.
 */
export function typesCompatible(pair: Pair, localId: number, targetId: number, depth = MAX_DEPTH): boolean {
  const { local, target } = pair
  for (; depth > 0; depth--) {
    const a = local.resolved(localId)
    const b = target.resolved(targetId)
    if (!sameKind(a, b)) return false
    switch (a.kind) {
      case "void":
      case "struct":
      case "union":
      case "enum":
      case "enum64":
      case "fwd":
        return true
      case "int":
        return wholeInt(a) && wholeInt(b)
      case "ptr":
      case "array":
        localId = a.type
        targetId = (b as typeof a).type
        break
      case "func_proto": {
        const { params } = b as typeof a
        if (a.params.length !== params.length) return false
        for (const [i, { type }] of a.params.entries()) {
          if (!typesCompatible(pair, type, params[i].type, depth - 1)) return false
        }
        localId = a.type
        targetId = (b as typeof a).type
        break
      }
      default:
        return false
    }
  }
  throw tooDeep(localId)
}

/** Not one of the old encodings of a bit-field. */
const wholeInt = (type: BtfType): boolean => type.kind === "int" && type.bitOffset === 0

export const tooDeep = (id: number): Error =>
  badBtf("BTF_CYCLE", `BTF type ${id} is nested deeper than ${MAX_DEPTH} pointers, arrays and prototypes`)
