import type { BtfTypeInput } from "./builder.ts"
import type { BtfType } from "./types.ts"

/** Ids of the types that a type is made of, in the order of its parts. */
export function references(type: BtfType): readonly number[] {
  switch (type.kind) {
    case "array":
      return [type.type, type.indexType]
    case "struct":
    case "union":
      return type.members.map(m => m.type)
    case "func_proto":
      return [type.type, ...type.params.map(p => p.type)]
    case "datasec":
      return type.vars.map(v => v.type)
    default:
      return "type" in type ? [type.type] : []
  }
}

/** The type with other ids for what it is made of. */
export function withReferences(type: Exclude<BtfType, { kind: "void" }>, to: (id: number) => number): BtfTypeInput {
  switch (type.kind) {
    case "array":
      return { ...type, type: to(type.type), indexType: to(type.indexType) }
    case "struct":
    case "union":
      return { ...type, members: type.members.map(m => ({ ...m, type: to(m.type) })) }
    case "func_proto":
      return { ...type, type: to(type.type), params: type.params.map(p => ({ ...p, type: to(p.type) })) }
    case "datasec":
      return { ...type, vars: type.vars.map(v => ({ ...v, type: to(v.type) })) }
    default:
      return "type" in type ? { ...type, type: to(type.type) } : type
  }
}
