import type { BtfType, EnumType, FwdType, RecordType } from "../types.ts"
import { type Pair, sameKind, tooDeep } from "./compat.ts"
import { essentialName } from "./names.ts"
import { isEnum } from "./spec.ts"

const MAX_DEPTH = 32

/**
 * Whether the kernel has all that the program's declaration of a type says (`bpf_core_type_matches`): every member and
 * enumerator by name, members of a matching type, integers of the same size and sign. The kernel's may have more. Of
 * what is only pointed to, the name and the kind count.
 */
export function typesMatch(
  pair: Pair,
  localId: number,
  targetId: number,
  pointedTo = false,
  depth = MAX_DEPTH,
): boolean {
  const { local, target } = pair
  for (; depth > 0; depth--) {
    const a = local.resolved(localId)
    const b = target.resolved(targetId)
    if (!namesMatch(a.name, b.name)) return false
    switch (a.kind) {
      case "void":
        return b.kind === "void"
      case "fwd":
        if (b.kind === "fwd") return a.union === b.union
        return pointedTo && b.kind === (a.union ? "union" : "struct")
      case "enum":
      case "enum64":
        return sameKind(a, b) && enumsMatch(a, b)
      case "struct":
      case "union":
        if (pointedTo) return a.kind === b.kind || (b.kind === "fwd" && forwards(b, a))
        return a.kind === b.kind && membersMatch(pair, a, b as RecordType, depth)
      case "int":
        return b.kind === "int" && a.size === b.size && a.signed === b.signed
      case "ptr":
        if (b.kind !== "ptr") return false
        pointedTo = true
        localId = a.type
        targetId = b.type
        break
      case "array":
        if (b.kind !== "array" || a.count !== b.count) return false
        localId = a.type
        targetId = b.type
        break
      case "func_proto": {
        if (b.kind !== "func_proto" || a.params.length !== b.params.length) return false
        for (const [i, { type }] of a.params.entries()) {
          if (!typesMatch(pair, type, b.params[i].type, pointedTo, depth - 1)) return false
        }
        localId = a.type
        targetId = b.type
        break
      }
      default:
        return false
    }
  }
  throw tooDeep(localId)
}

const forwards = (fwd: FwdType, record: RecordType): boolean => fwd.union === (record.kind === "union")

function namesMatch(local: string, target: string): boolean {
  return target === "" ? local === "" : essentialName(local) === essentialName(target)
}

function enumsMatch(a: BtfType, b: BtfType): boolean {
  if (!isEnum(a) || !isEnum(b)) return false
  const there: readonly { readonly name: string }[] = b.values
  const names = new Set(there.map(({ name }) => essentialName(name)))
  return (a.values as EnumType["values"]).every(({ name }) => names.has(essentialName(name)))
}

function membersMatch(pair: Pair, a: RecordType, b: RecordType, depth: number): boolean {
  if (a.members.length > b.members.length) return false
  return a.members.every(member =>
    b.members.some(
      other => namesMatch(member.name, other.name) && typesMatch(pair, member.type, other.type, false, depth - 1),
    ),
  )
}
