import { type Btf, type BtfType, type FuncProtoType, sizeOf } from "../../btf/index.ts"
import type { Kfunc } from "./find.ts"

/** What a function of the kernel takes in a register, as its type and the names of its parameters say. */
export type ParameterKind =
  /** A number. */
  | "scalar"
  /** The program's context. */
  | "ctx"
  /** A pointer to an object of the program's, `__alloc`. */
  | "allocated"
  /** An object that counts its references, `__refcounted_kptr`. */
  | "refcounted"
  | "dynptr"
  | "iterator"
  | "list_head"
  | "list_node"
  | "rb_root"
  | "rb_node"
  /** A text in a read-only map, `__str`. */
  | "string"
  /** A map, `__map`. */
  | "map"
  | "workqueue"
  | "task_work"
  | "irq_flag"
  | "res_spin_lock"
  | "callback"
  /** A pointer to a structure of the kernel, or memory of that size: the register decides. */
  | "pointer"
  /** Memory with its size in the next argument. */
  | "sized_memory"
  /** Filled in by the kernel, `__ign` or `__prog`. */
  | "ignored"

export interface Parameter {
  readonly kind: ParameterKind
  readonly name: string
  /** Of a pointer: id of what it points to, without qualifiers. */
  readonly target: number
  /** `__nullable`, `__opt`: the null pointer will do. */
  readonly nullable: boolean
  /** `__uninit`: nothing has to be there before. */
  readonly uninitialized: boolean
  /** `__k`, `__szk`: has to be a constant. */
  readonly constant: boolean
  /** `rdonly_buf_size`, `rdwr_buf_size`: a constant, the size of the memory that comes back. */
  readonly resultSize: "rdonly" | "rdwr" | undefined
  /** A pointer to something const. */
  readonly readOnly: boolean
}

const BY_STRUCT: Readonly<Record<string, ParameterKind>> = {
  bpf_dynptr: "dynptr",
  bpf_dynptr_kern: "dynptr",
  bpf_list_head: "list_head",
  bpf_list_node: "list_node",
  bpf_rb_root: "rb_root",
  bpf_rb_node: "rb_node",
  bpf_wq: "workqueue",
  bpf_task_work: "task_work",
  bpf_res_spin_lock: "res_spin_lock",
}

const BY_SUFFIX: readonly (readonly [string, ParameterKind])[] = [
  ["__ign", "ignored"],
  ["__prog", "ignored"],
  ["__aux", "ignored"],
  ["__alloc", "allocated"],
  ["__refcounted_kptr", "refcounted"],
  ["__str", "string"],
  ["__map", "map"],
  ["__irq_flag", "irq_flag"],
]

const has = (name: string, suffix: string): boolean => name.endsWith(suffix)

/** What a function takes, parameter by parameter. `contexts` are names of the structures that stand for the program's context. */
export function parametersOf(
  btf: Btf,
  prototype: FuncProtoType,
  kfunc: Kfunc,
  contexts: readonly string[],
): Parameter[] {
  return prototype.params.map(({ name, type }, index) => {
    const next = prototype.params[index + 1]?.name ?? ""
    const sized = has(next, "__sz") || has(next, "__szk")
    return readParameter(btf, name, type, {
      sized,
      contexts,
      iterator: index === 0 && kfunc.iterator !== undefined,
      cast: kfunc.name === "bpf_cast_to_kern_ctx",
    })
  })
}

/** What decides about a parameter beside its own type and name. */
interface Around {
  /** The next one is its size. */
  readonly sized: boolean
  readonly contexts: readonly string[]
  /** It is the iterator of the function. */
  readonly iterator: boolean
  /** The function takes whatever the context is. */
  readonly cast: boolean
}

function readParameter(btf: Btf, name: string, id: number, around: Around): Parameter {
  const type = btf.resolved(id)
  const target = type.kind === "ptr" ? btf.resolve(type.type) : 0
  const resultSize = has(name, "rdonly_buf_size") ? "rdonly" : has(name, "rdwr_buf_size") ? "rdwr" : undefined
  return {
    name,
    target,
    kind: kindOf(btf, name, type, target, around),
    nullable: has(name, "__nullable") || has(name, "__opt"),
    uninitialized: has(name, "__uninit"),
    constant: has(name, "__k") || has(name, "__szk"),
    resultSize,
    readOnly: type.kind === "ptr" && isConst(btf, type.type),
  }
}

function kindOf(
  btf: Btf,
  name: string,
  type: BtfType,
  target: number,
  { sized, contexts, iterator, cast }: Around,
): ParameterKind {
  const bySuffix = BY_SUFFIX.find(([suffix]) => has(name, suffix))?.[1]
  if (bySuffix === "ignored") return bySuffix
  if (type.kind !== "ptr") return "scalar"
  if (cast) return "ctx"
  const pointed = btf.type(target)
  if (pointed.kind === "struct" && contexts.includes(pointed.name)) return "ctx"
  if (bySuffix !== undefined) return bySuffix
  if (pointed.kind === "struct" && pointed.name in BY_STRUCT) return BY_STRUCT[pointed.name]
  if (iterator) return "iterator"
  if (pointed.kind === "func_proto") return "callback"
  return sized ? "sized_memory" : "pointer"
}

function isConst(btf: Btf, id: number): boolean {
  for (let type = btf.type(id); ; type = btf.type(id)) {
    if (type.kind === "const") return true
    if (type.kind !== "typedef" && type.kind !== "volatile" && type.kind !== "restrict") return false
    id = type.type
  }
}

/** Deepest nesting of structures that may be given as plain memory. */
const MAX_NESTING = 4

/** Whether a type is made of numbers only, so that plain memory can be taken for it. */
export function isScalarStruct(btf: Btf, id: number, depth = 0): boolean {
  const type = btf.resolved(id)
  if (type.kind !== "struct" && type.kind !== "union") return false
  if (depth >= MAX_NESTING) return false
  return type.members.every(member => {
    let inner = btf.resolved(member.type)
    let innerId = member.type
    if (inner.kind === "array") {
      innerId = inner.type
      inner = btf.resolved(innerId)
    }
    return isNumber(inner) || isScalarStruct(btf, innerId, depth + 1)
  })
}

/** An integer or enumerator. */
export const isNumber = (type: BtfType): boolean =>
  type.kind === "int" || type.kind === "enum" || type.kind === "enum64"

/** Bytes that memory has to have to be taken for a type; undefined for types without a size. */
export function memorySize(btf: Btf, id: number): number | undefined {
  try {
    return sizeOf(btf, id)
  } catch {
    return undefined
  }
}
