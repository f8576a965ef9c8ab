import { CORE_RELO_KINDS, type CoreKind } from "../../btf/index.ts"
import * as c from "../../c/index.ts"
import * as b from "../ast/build.ts"
import { fieldFacts } from "./fieldFacts.ts"

/** The way from a type to a part of it. */
interface Path {
  readonly root: c.Type
  readonly access: readonly number[]
  /** Bytes. */
  readonly offset: number
  readonly type: c.Type
  readonly field?: c.Field
}

/** A path in memory: from where `base`, a pointer to `root`, points. */
interface Place extends Path {
  readonly base: c.Expr
}

/** `enum bpf_field_info_kind` of libbpf's headers: the kinds that are about a field, by the same numbers. */
const FIELD_KINDS: readonly CoreKind[] = CORE_RELO_KINDS.filter(kind => kind.startsWith("field_"))

/**
 * Turns what CO-RE is about into nodes that the loader completes. A member of a record with `preserve_access_index`, or inside
 * `__builtin_preserve_access_index`, is a place relative to a pointer:
 *
 *     task->mm->flags                             →  corePlace(load(corePlace(task, 0:10)), 0:5)
 *     bpf_core_field_exists(task->mm)             →  core(field_exists, task_struct, 0:10)
 */
export class CoreAccess {
  readonly #diagnostics: c.Diagnostics
  readonly #rewrite: (e: c.Expr) => c.Expr
  /** Above zero inside `__builtin_preserve_access_index`. */
  #preserved = 0

  /** `rewrite` is the walk that this is part of: for expressions inside. */
  constructor(diagnostics: c.Diagnostics, rewrite: (e: c.Expr) => c.Expr) {
    this.#diagnostics = diagnostics
    this.#rewrite = rewrite
  }

  /** What an expression becomes; undefined when it has nothing to do with CO-RE itself. */
  rewrite(e: c.Expr): c.Expr | undefined {
    if (e.kind === "builtin") return this.#builtin(e)
    if (e.kind !== "member" && e.kind !== "index") return undefined
    const place = this.#place(e)
    if (place === undefined) return undefined
    const { base, root, access, offset, field } = place
    return {
      kind: "corePlace",
      base,
      root,
      access,
      offset,
      ...(field?.bitWidth !== undefined && { bitField: field }),
      type: e.type,
      span: e.span,
    }
  }

  #builtin(e: c.BuiltinExpr): c.Expr | undefined {
    switch (e.name) {
      case "__builtin_preserve_access_index": {
        this.#preserved++
        const inner = this.#rewrite(e.args[0])
        this.#preserved--
        return inner
      }
      case "__builtin_preserve_field_info":
        return this.#fieldInfo(e)
      case "__builtin_preserve_type_info": {
        const kinds: readonly CoreKind[] = ["type_exists", "type_size", "type_matches"]
        const kind = this.#kind(e, kinds)
        const value = kind === "type_size" ? BigInt(c.sizeOf(e.types[0]) ?? 0) : 1n
        return kind && coreValue(e, kind, e.types[0], [0], value)
      }
      case "__builtin_btf_type_id": {
        const kind = this.#kind(e, ["type_id_local", "type_id_target"])
        return kind && coreValue(e, kind, e.types[0], [0], 0n)
      }
      case "__builtin_preserve_enum_value":
        return this.#enumValue(e)
      default:
        return undefined
    }
  }

  #kind(e: c.BuiltinExpr, kinds: readonly CoreKind[]): CoreKind | undefined {
    const kind = kinds[Number(c.evaluate(e.args[1]) ?? -1n)]
    if (kind === undefined) {
      this.#diagnostics.error(
        "LIBBPF_CORE",
        `the second argument of '${e.name}' must be one of 0 to ${kinds.length - 1}`,
        e.args[1].span,
      )
    }
    return kind
  }

  #fieldInfo(e: c.BuiltinExpr): c.Expr | undefined {
    const kind = this.#kind(e, FIELD_KINDS)
    const path = pathOf(withoutLoad(e.args[0]))
    if (kind === undefined) return undefined
    if (path === undefined || path.access.length < 2) {
      this.#diagnostics.error("LIBBPF_CORE", `'${e.name}' needs a member of a record or an element of its`, e.span, {
        hint: "write pointer->member, or the type and the member: bpf_core_field_exists(struct task_struct, mm)",
      })
      return undefined
    }
    return coreValue(e, kind, path.root, path.access, fieldFacts(path.type, path.offset, path.field)[kind] ?? 0n)
  }

  #enumValue(e: c.BuiltinExpr): c.Expr | undefined {
    const kind = this.#kind(e, ["enum_value_exists", "enum_value"])
    if (kind === undefined) return undefined
    const [root] = e.types
    const type = c.canonical(root)
    let value = withoutLoad(e.args[0])
    while (value.kind === "deref" || value.kind === "cast") value = value.operand
    if (type.kind !== "enum" || value.kind !== "int") {
      this.#diagnostics.error("LIBBPF_CORE", `'${e.name}' needs an enum and one of its constants`, e.span)
      return undefined
    }
    const constant = value
    const { constants } = type.decl
    const byName = constants.findIndex(({ name }) => name === constant.text)
    const index = byName < 0 ? constants.findIndex(each => each.value === constant.value) : byName
    if (index < 0) {
      this.#diagnostics.error("LIBBPF_CORE", `${c.quoteType(root)} has no such constant`, constant.span)
      return undefined
    }
    return coreValue(e, kind, root, [index], kind === "enum_value" ? constants[index].value : 1n)
  }

  /** The place of an lvalue whose last step is to be relocated. */
  #place(e: c.Expr): Place | undefined {
    if (e.kind === "index") {
      const array = isDecay(e.base) ? e.base.operand : undefined
      const inner = array && this.#place(array)
      const at = inner && constantIndex(e)
      return at === undefined ? undefined : element(inner as Place, at, e.type)
    }
    if (e.kind !== "member") return undefined
    const lvalue = recordLvalue(e)
    const inner = lvalue && this.#place(lvalue)
    if (inner !== undefined && (this.#isCore(e.field.record) || e.field.record.tag === undefined))
      return member(inner, e)
    if (!this.#isCore(e.field.record)) return undefined
    if (lvalue === undefined) return start(this.#rewrite(e.base), pointee(e.base.type), 0, e)
    if (isVariable(lvalue)) return undefined
    if (lvalue.kind === "deref") return start(this.#rewrite(lvalue.operand), lvalue.type, 0, e)
    const at = lvalue.kind === "index" ? constantIndex(lvalue) : undefined
    if (lvalue.kind === "index" && at !== undefined && !isDecay(lvalue.base)) {
      return start(this.#rewrite(lvalue.base), lvalue.type, at, e)
    }
    return start(b.addressOf(this.#rewrite(lvalue)), lvalue.type, 0, e)
  }

  #isCore(record: c.RecordDecl): boolean {
    return this.#preserved > 0 || record.attrs.some(attr => attr.name === "preserve_access_index")
  }
}

function coreValue(
  e: c.BuiltinExpr,
  relocation: CoreKind,
  root: c.Type,
  access: readonly number[],
  value: bigint,
): c.CoreValue {
  // A typedef keeps its name, whatever qualifiers it hides: the kernel's is looked for by it.
  const plain = root.quals === 0 ? root : ({ ...root, quals: 0 } as c.Type)
  return { kind: "core", relocation, root: plain, access, value, type: e.type, span: e.span }
}

function start(base: c.Expr, root: c.Type, first: number, e: c.Member): Place {
  const offset = first * (c.sizeOf(root) ?? 0)
  return member({ base, root: c.unqualified(root), access: [first], offset, type: root }, e)
}

function member<P extends Path>(inner: P, { field, type }: c.Member): P {
  return { ...inner, access: [...inner.access, indexOf(field)], offset: inner.offset + field.offset, type, field }
}

function element<P extends Path>(inner: P, at: number, type: c.Type): P {
  const offset = inner.offset + at * (c.sizeOf(type) ?? 0)
  return { ...inner, access: [...inner.access, at], offset, type, field: undefined }
}

/** Index of a member as BTF counts: bit-fields without a name are not there. */
function indexOf(field: c.Field): number {
  let index = 0
  for (const other of field.record.fields) {
    if (other === field || other.index === field.index) return index
    if (other.name !== undefined || other.bitWidth === undefined) index++
  }
  return index
}

/** The record that a member is taken from, where that is an lvalue: of `(&x)->m` it is x. */
function recordLvalue(e: c.Member): c.Expr | undefined {
  if (!e.arrow) return e.base
  return e.base.kind === "addressOf" ? e.base.operand : undefined
}

/** Part of a variable of the program, which is as the program was compiled. */
function isVariable(lvalue: c.Expr): boolean {
  let e = lvalue
  for (;;) {
    if (e.kind === "member" && !e.arrow) e = e.base
    else if (e.kind === "index" && isDecay(e.base)) e = e.base.operand
    else return e.kind === "ref" || e.kind === "compound" || e.kind === "call" || e.kind === "cast"
  }
}

function constantIndex(e: c.Index): number | undefined {
  const value = c.evaluate(e.index)
  return value === undefined ? undefined : Number(BigInt.asIntN(64, value))
}

function withoutLoad(e: c.Expr): c.Expr {
  while (e.kind === "cast" && (e.cast === "load" || e.cast === "decay" || e.implicit)) e = e.operand
  return e
}

/** An array as a pointer to its first element. */
function isDecay(e: c.Expr): e is c.Cast {
  return e.kind === "cast" && e.cast === "decay"
}

function pointee(type: c.Type): c.Type {
  return c.pointerOf(type)?.to ?? c.VOID
}

/** The path of an lvalue, whatever it starts from. */
function pathOf(e: c.Expr): Path | undefined {
  switch (e.kind) {
    case "ref":
      return { root: e.type, access: [0], offset: 0, type: e.type }
    case "deref":
      return { root: e.type, access: [0], offset: 0, type: e.type }
    case "index": {
      const at = constantIndex(e)
      if (at === undefined) return undefined
      const array = isDecay(e.base) ? pathOf(e.base.operand) : undefined
      if (array !== undefined) return element(array, at, e.type)
      return { root: e.type, access: [at], offset: at * (c.sizeOf(e.type) ?? 0), type: e.type }
    }
    case "member": {
      const lvalue = recordLvalue(e)
      if (lvalue !== undefined) {
        const inner = pathOf(lvalue)
        return inner && member(inner, e)
      }
      const root = pointee(e.base.type)
      return member({ root, access: [0], offset: 0, type: root }, e)
    }
    default:
      return undefined
  }
}
