import { type Btf, isRecord } from "../btf/index.ts"

/** Deepest nesting that is compared. */
const MAX_DEPTH = 32

/**
 * Whether a declaration of one object and a definition of another one have the same type: qualifiers and typedefs do
 * not count, of a struct the name and the size do, an array without a length is one of any length.
 */
export function sameType(a: Btf, aId: number, b: Btf, bId: number, depth = MAX_DEPTH): boolean {
  const left = a.resolved(aId)
  const right = b.resolved(bId)
  if (depth === 0) return true
  const inner = (x: number, y: number): boolean => sameType(a, x, b, y, depth - 1)
  if (left.kind === "fwd" || right.kind === "fwd") return left.name === right.name
  if (isRecord(left)) {
    return left.kind === right.kind && left.name === right.name && left.size === (right as typeof left).size
  }
  if (left.kind !== right.kind) return false
  switch (left.kind) {
    case "int": {
      const other = right as typeof left
      return left.size === other.size && left.signed === other.signed && left.bool === other.bool
    }
    case "float":
    case "enum":
    case "enum64":
      return left.size === (right as typeof left).size
    case "ptr":
    case "var":
    case "func":
      return inner(left.type, (right as typeof left).type)
    case "array": {
      const other = right as typeof left
      return (left.count === 0 || other.count === 0 || left.count === other.count) && inner(left.type, other.type)
    }
    case "func_proto": {
      const other = right as typeof left
      return (
        left.params.length === other.params.length &&
        left.variadic === other.variadic &&
        inner(left.type, other.type) &&
        left.params.every(({ type }, i) => inner(type, other.params[i].type))
      )
    }
    default:
      return true
  }
}
