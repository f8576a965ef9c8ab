import type { FuncProtoType } from "../../btf/index.ts"
import type { Env } from "../env.ts"
import { EACCES } from "../refuse.ts"
import { Flag, Kind, pointerReg, type Reg, UNKNOWN } from "../reg.ts"
import { readArgument, type TypedPlace } from "../types/index.ts"
import type { Access } from "./access.ts"

/** The place whose arguments a program sees; undefined where its target is not known. */
export function typedPlace(env: Env): TypedPlace | undefined {
  const { type, attachType, attachTo, structOpsMember, kernelBtf } = env.input
  if (attachTo === undefined) return undefined
  const { btf } = attachTo
  const target = btf.type(attachTo.type)
  const kernel = env.version
  const common = { type, attachType, btf, kernel, module: kernelBtf !== undefined && btf !== kernelBtf }
  if (target.kind === "struct") {
    const member = target.members[structOpsMember ?? 0]
    const prototype = member && pointedPrototype(btf, member.type)
    return prototype && { ...common, name: member.name, prototype, table: target.name }
  }
  const prototype = target.kind === "func" ? btf.type(target.type) : pointedPrototype(btf, attachTo.type)
  if (prototype?.kind !== "func_proto") return undefined
  return { ...common, name: target.name.replace(/^btf_trace_/, ""), prototype }
}

/** The type of the function that a pointer type points to. */
function pointedPrototype(btf: TypedPlace["btf"], id: number): FuncProtoType | undefined {
  const pointer = btf.resolved(id)
  const inner = pointer.kind === "ptr" ? btf.resolved(pointer.type) : pointer
  return inner.kind === "func_proto" ? inner : undefined
}

/** What a load of a word of the context of a program with typed arguments leaves in a register. */
export function typedContext(env: Env, { size, write }: Access, off: number): Reg {
  if (write) env.refuse(EACCES, `invalid bpf_context access off=${off} size=${size}`)
  const place = typedPlace(env)
  const value = place === undefined ? ({ kind: "refused", lines: [] } as const) : readArgument(place, off, size)
  switch (value.kind) {
    case "refused": {
      const lines = [...value.lines, `invalid bpf_context access off=${off} size=${size}`]
      return env.refuse(EACCES, lines.join("\n"))
    }
    case "buffer":
      return pointerReg(Kind.buf, { flags: Flag.maybeNull | (value.readOnly ? Flag.readOnly : 0), id: env.newId() })
    case "scalar":
      if (value.note !== undefined) env.log.add(`${value.note}\n`)
      return UNKNOWN
    case "pointer": {
      if (value.note !== "") env.log.add(`${value.note}\n`)
      const tag = value.tag === "user" ? Flag.user : value.tag === "percpu" ? Flag.percpu : 0
      const flags = tag | (value.trusted ? Flag.trusted : 0) | (value.nullable ? Flag.maybeNull : 0)
      return pointerReg(Kind.btf, { flags, id: value.nullable ? env.newId() : 0, aux: value.type, ref: value.btf })
    }
  }
}
