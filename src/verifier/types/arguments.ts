import { type Btf, type BtfParam, type BtfType, type FuncProtoType, sizeOf } from "../../btf/index.ts"
import { isKnownTracepoint, mayBeErrorArgument, mayBeNullArgument } from "./nullableArguments.ts"

/** What a program with typed arguments finds in a word of its context. */
export type ArgumentValue =
  | { readonly kind: "scalar"; readonly note?: string }
  | {
      readonly kind: "pointer"
      readonly btf: Btf
      /** Id of the structure. */
      readonly type: number
      readonly trusted: boolean
      readonly nullable: boolean
      readonly tag: "user" | "percpu" | undefined
      /** A line for the log. */
      readonly note: string
    }
  /** Memory of a size that only the kernel knows, or null: keys and values of maps. */
  | { readonly kind: "buffer"; readonly readOnly: boolean }
  /** With the lines that say why; a last one about the whole access follows in any case. */
  | { readonly kind: "refused"; readonly lines: readonly string[] }

/** The place whose arguments they are. */
export interface TypedPlace {
  /** `tracing`, `lsm` or `struct_ops`. */
  readonly type: string
  readonly attachType?: string
  /** The types that the target is in. */
  readonly btf: Btf
  /** Name of the function or the member of the table; of a tracepoint without `btf_trace_`. */
  readonly name: string
  /** The target's type. */
  readonly prototype: FuncProtoType
  /** Name of the table of operations, for struct_ops. */
  readonly table?: string
  /** The target is in a module. */
  readonly module?: boolean
  /** `major * 100 + minor`. */
  readonly kernel: number
}

const SCALAR: ArgumentValue = { kind: "scalar" }
/** Words of arguments that a program sees at most. */
const MAX_ARGUMENTS = 12

/** End of the names of parameters that may be null. */
const NULLABLE_SUFFIX = "__nullable"
/** First kernel that looks at the functions that stand for members of tables. */
const STUBS = 609
/** First kernels that tell trusted pointers from others, that mark arguments of tracepoints that may be null, and that want whole pointers. */
const [TRUSTED, NULLABLE, WHOLE_POINTERS] = [602, 613, 614]

/**
 * What a load of `size` bytes at an offset of the context gives.
 *
 * Source: `bpf_tracing_btf_ctx_access` and `btf_ctx_access`, Linux 6.1 to 6.18.
 */
export function readArgument(place: TypedPlace, offset: number, size: number): ArgumentValue {
  if (offset < 0 || offset >= 8 * MAX_ARGUMENTS || offset % size !== 0) return refused()
  const { btf, name, prototype, attachType } = place
  if (offset % 8 !== 0) return refused(`func '${name}' offset ${offset} is not multiple of 8`)
  const isTracepoint = attachType === "trace_raw_tp"
  const params = isTracepoint ? prototype.params.slice(1) : prototype.params
  const index = argumentAt(btf, prototype, offset)
  const missing = refused(`func '${name}' doesn't have ${index + 1}-th argument`)
  if (index > params.length) return missing
  let id: number
  if (index < params.length) id = params[index].type
  else if (hasReturnValue(place)) id = prototype.type
  else return missing
  const type = btf.resolved(id)
  if (attachType === "modify_return" && index === params.length && !isSmallInteger(type)) {
    return refused(`ret type ${kindName(type)} not allowed for fmod_ret`)
  }
  if (isSmallInteger(type) || type.kind === "enum" || type.kind === "enum64" || isStruct(type)) return SCALAR
  if (type.kind !== "ptr") {
    const what = `arg${index} '${params[index]?.name ?? ""}' has type ${kindName(type)}`
    return refused(`func '${name}' ${what}. Only pointer access is allowed`)
  }
  if (size !== 8 && place.kernel >= WHOLE_POINTERS) return refused(`func '${name}' size ${size} must be 8`)
  const special = ITERATORS[name]?.[offset]
  if (special?.includes("buf")) return { kind: "buffer", readOnly: special.includes("rdonly") }
  const target = btf.resolved(type.type)
  if (target.kind === "void" || target.kind === "int") return SCALAR
  return readPointer(place, index, params[index], type.type, special)
}

/**
 * Whether an argument of a table's member may be null: members have no names of parameters, but the function does that the kernel has for
 * the place, as `bpf_dummy_ops__test_1(struct bpf_dummy_ops_state *cb__nullable)`. Source: `prepare_arg_info`, Linux 6.9.
 */
function isNullableInStub({ btf, table, name, kernel }: TypedPlace, index: number): boolean {
  const id = table === undefined || kernel < STUBS ? 0 : btf.find(`${table}__${name}`, "func")
  const stub = btf.type(id)
  const prototype = stub.kind === "func" ? btf.type(stub.type) : undefined
  return prototype?.kind === "func_proto" && prototype.params[index]?.name.endsWith(NULLABLE_SUFFIX) === true
}

/** A pointer to something that is not void or a number. */
function readPointer(
  place: TypedPlace,
  index: number,
  param: BtfParam | undefined,
  id: number,
  special: string | undefined,
): ArgumentValue {
  const { btf, name, kernel } = place
  let trusted = kernel >= TRUSTED && areTrusted(place)
  let nullable = param?.name.endsWith(NULLABLE_SUFFIX) === true || isNullableInStub(place, index)
  if (special !== undefined) {
    trusted = kernel >= TRUSTED && special.includes("trusted")
    nullable = true
  }
  let error = false
  if (place.attachType === "trace_raw_tp" && kernel >= NULLABLE) {
    nullable ||= mayBeNullArgument(name, index) || (place.module === true && !isKnownTracepoint(name))
    error = mayBeErrorArgument(name, index)
  }
  const tagged = btf.type(id)
  const tag = tagged.kind === "type_tag" && !tagged.attribute ? tagged.name : ""
  let type = btf.resolve(id)
  const record = btf.type(type)
  if (!isStruct(record)) return refused(`func '${name}' arg${index} type ${kindName(record)} is not a struct`)
  const note = `func '${name}' arg${index} has btf_id ${type} type ${kindName(record)} '${record.name || "(anon)"}'`
  if (error) return { kind: "scalar", note: `${note}\nmarking pointer arg${index} as scalar as it may encode error` }
  // Congestion control sees the whole of the sockets that it is about.
  if (place.table === "tcp_congestion_ops" && record.name === "sock") type = btf.find("tcp_sock", "struct")
  const known = tag === "user" || tag === "percpu" ? tag : undefined
  return { kind: "pointer", btf, type, trusted, nullable, tag: known, note: special === undefined ? note : "" }
}

const refused = (...lines: string[]): ArgumentValue => ({ kind: "refused", lines })

/** The number of the argument that is at an offset; structures that are handed over as they are take as many words as they need. */
function argumentAt(btf: Btf, { params, type }: FuncProtoType, offset: number): number {
  let end = 0
  for (const [index, param] of params.entries()) {
    end += words(btf, param.type)
    if (offset < end) return index
  }
  return offset < end + words(btf, type) ? params.length : params.length + 1
}

const words = (btf: Btf, id: number): number => (id === 0 ? 0 : Math.ceil(sizeOf(btf, id) / 8) * 8)

/** Whether the word behind the arguments is the function's result. */
const hasReturnValue = ({ attachType }: TypedPlace): boolean =>
  attachType === "trace_fexit" ||
  attachType === "modify_return" ||
  attachType === "lsm_mac" ||
  attachType === "lsm_cgroup"

const isSmallInteger = (type: BtfType): boolean => type.kind === "int" && type.size <= 8
const isStruct = (type: BtfType): boolean => type.kind === "struct" || type.kind === "union"

/** A kind as messages name it: `PTR`, `FUNC_PROTO`. */
const kindName = ({ kind }: BtfType): string => (kind === "void" ? "UNKNOWN" : kind.toUpperCase())

/** Hooks of security modules whose arguments are going away or are not all there (`untrusted_lsm_hooks`). */
const UNTRUSTED_HOOKS = new Set(
  "bpf_map_free bpf_map_free_security bpf_prog_free bpf_prog_free_security file_alloc_security file_free_security sk_alloc_security sk_free_security task_free"
    .split(" ")
    .map(hook => `bpf_lsm_${hook}`),
)

/** Whether the kernel vouches for a place's arguments (`prog_args_trusted`). */
function areTrusted({ type, attachType, name }: TypedPlace): boolean {
  if (type === "tracing") return attachType === "trace_raw_tp" || attachType === "trace_iter"
  if (type === "lsm") return !UNTRUSTED_HOOKS.has(name)
  return type === "struct_ops"
}

/** Arguments of iterators, by offset, that are null in the last call. Source: the `ctx_arg_info` of their targets, Linux 6.18. */
const ITERATORS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  bpf_iter_bpf_link: { 8: "or null" },
  bpf_iter_bpf_map: { 8: "trusted or null" },
  bpf_iter_bpf_map_elem: { 16: "rdonly buf", 24: "buf" },
  bpf_iter_bpf_prog: { 8: "or null" },
  bpf_iter_bpf_sk_storage_map: { 16: "or null", 24: "buf" },
  bpf_iter_cgroup: { 8: "trusted or null" },
  bpf_iter_dmabuf: { 8: "or null" },
  bpf_iter_ipv6_route: { 8: "or null" },
  bpf_iter_kmem_cache: { 8: "trusted or null" },
  bpf_iter_ksym: { 8: "or null" },
  bpf_iter_netlink: { 8: "or null" },
  bpf_iter_sockmap: { 16: "rdonly buf", 24: "or null" },
  bpf_iter_task: { 8: "trusted or null" },
  bpf_iter_task_file: { 8: "or null", 24: "or null" },
  bpf_iter_task_vma: { 8: "or null", 16: "or null" },
  bpf_iter_tcp: { 8: "trusted or null" },
  bpf_iter_udp: { 8: "trusted or null" },
  bpf_iter_unix: { 8: "or null" },
}
