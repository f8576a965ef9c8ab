import { didYouMean } from "../../base/index.ts"
import * as c from "../../c/index.ts"

/** What the tables of some types can do. */
export interface Method {
  /** Types of maps that have it. */
  readonly types: readonly string[]
  /**
   * Result, then parameters: `k` a key by value, `K` a pointer to a constant key, `l` a pointer to a leaf, `L` one to a constant leaf, `p` void *, `P`
   * const void *, `i` int, `u` u32, `q` u64, `v` void, and `.` for more arguments.
   */
  readonly signature: string
  /** The helper that a plain method is one call of, and its arguments: `m` the map, `0` a zero, digits from 1 the method's own. */
  readonly helper?: string
  readonly args?: string
}

const HASHES = "hash percpu_hash lru_hash lru_percpu_hash lpm_trie"
const KEYED = `${HASHES} array percpu_array`
const LOOKED_UP = `${KEYED} stack_trace devmap devmap_hash cpumap xskmap sockmap sockhash`

/** One method a line: types, name and signature, and for plain ones helper and arguments. */
const TABLE: readonly (readonly [types: string, name: string, signature: string, call?: string])[] = [
  [LOOKED_UP, "lookup", "l K", "map_lookup_elem m1"],
  [KEYED, "lookup_or_init", "l KL"],
  [KEYED, "lookup_or_try_init", "l KL"],
  [`${LOOKED_UP} hash_of_maps array_of_maps`, "update", "i KL"],
  [KEYED, "insert", "i KL"],
  [`${LOOKED_UP} hash_of_maps`, "delete", "i K", "map_delete_elem m1"],
  [KEYED, "increment", "v k."],
  [KEYED, "atomic_increment", "v k."],
  ["stack_trace", "get_stackid", "i pq", "get_stackid 1m2"],
  ["prog_array", "call", "v pi", "tail_call 1m2"],
  ["cgroup_array", "check_current_task", "i i", "current_task_under_cgroup m1"],
  ["devmap devmap_hash cpumap xskmap", "redirect_map", "i ii", "redirect_map m12"],
  ["perf_event_array", "perf_submit", "i pPq"],
  ["perf_event_array", "perf_submit_skb", "i puPq"],
  ["perf_event_array", "perf_read", "q q", "perf_event_read m1"],
  ["perf_event_array", "perf_counter_value", "i qpu", "perf_event_read_value m123"],
  ["ringbuf", "ringbuf_output", "i Pqq", "ringbuf_output m123"],
  ["ringbuf", "ringbuf_reserve", "p q", "ringbuf_reserve m10"],
  ["ringbuf", "ringbuf_submit", "v pq", "ringbuf_submit 12"],
  ["ringbuf", "ringbuf_discard", "v pq", "ringbuf_discard 12"],
  ["ringbuf", "ringbuf_query", "q q", "ringbuf_query m1"],
  ["queue stack bloom_filter", "push", "i Lq", "map_push_elem m12"],
  ["queue stack", "pop", "i l", "map_pop_elem m1"],
  ["queue stack bloom_filter", "peek", "i l", "map_peek_elem m1"],
  ["sockmap", "sock_map_update", "i pKq", "sock_map_update 1m23"],
  ["sockhash", "sock_hash_update", "i pKq", "sock_hash_update 1m23"],
  ["sockmap", "msg_redirect_map", "i puq", "msg_redirect_map 1m23"],
  ["sockmap", "sk_redirect_map", "i puq", "sk_redirect_map 1m23"],
  ["sockhash", "msg_redirect_hash", "i pKq", "msg_redirect_hash 1m23"],
  ["sockhash", "sk_redirect_hash", "i pKq", "sk_redirect_hash 1m23"],
  ["sk_storage", "sk_storage_get", "l pPi", "sk_storage_get m123"],
  ["sk_storage", "sk_storage_delete", "i p", "sk_storage_delete m1"],
  ["inode_storage", "inode_storage_get", "l pPi", "inode_storage_get m123"],
  ["inode_storage", "inode_storage_delete", "i p", "inode_storage_delete m1"],
  ["task_storage", "task_storage_get", "l pPi", "task_storage_get m123"],
  ["task_storage", "task_storage_delete", "i p", "task_storage_delete m1"],
  ["cgroup_storage percpu_cgroup_storage", "get_local_storage", "l q", "get_local_storage m1"],
]

/** The inner map of a map of maps is a pointer to no type. */
const NESTED_LOOKUP: Method = {
  types: ["hash_of_maps", "array_of_maps"],
  signature: "p K",
  helper: "bpf_map_lookup_elem",
  args: "m1",
}

let methods: Map<string, Method> | undefined

function allMethods(): Map<string, Method> {
  if (methods !== undefined) return methods
  methods = new Map()
  for (const [types, name, signature, call] of TABLE) {
    const [helper, args] = call?.split(" ") ?? []
    methods.set(name, { types: types.split(" "), signature, ...(helper && { helper: `bpf_${helper}`, args }) })
  }
  return methods
}

/** A method of the tables of a type (as the kernel calls it, or `extern`, which may be of any); undefined where they have none. */
export function tableMethod(type: string, name: string): Method | undefined {
  if (name === "lookup" && NESTED_LOOKUP.types.includes(type)) return NESTED_LOOKUP
  const method = allMethods().get(name)
  return method !== undefined && (type === "extern" || method.types.includes(type)) ? method : undefined
}

/** Names of map types as BCC writes them, where they are not the kernel's. */
const ALIASES: Readonly<Record<string, string>> = {
  stacktrace: "stack_trace",
  prog: "prog_array",
  perf_output: "perf_event_array",
  perf_array: "perf_event_array",
}

/** What a type's name may say besides: `hash:/sys/fs/bpf/pin`, `array_of_maps$inner`. */
export function partsOfType(text: string): { name: string; pin?: string; inner?: string } {
  const [, name, pin, inner] = /^([^:$]*)(?::([^$]*))?(?:\$(.*))?$/s.exec(text) ?? ["", text]
  return { name, ...(pin && { pin }), ...(inner && { inner }) }
}

/** The kernel's name of a map type. A histogram is an array when its key is `int`, else a hash. */
export function mapTypeOf(text: string, key: c.Type): string {
  const { name } = partsOfType(text)
  if (name === "histogram") {
    const t = c.canonical(key)
    return t.kind === "int" && t.name === "int" ? "array" : "hash"
  }
  return Object.hasOwn(ALIASES, name) ? ALIASES[name] : name
}

export const mapTypeAliases: readonly string[] = [...Object.keys(ALIASES), "histogram", "extern"]

/** The record of a table carries this attribute: the table's name, and its type as the program writes it. */
export const TABLE_ATTRIBUTE = "bpf_table"

const fields = new WeakMap<c.RecordDecl, Map<string, c.Field>>()

/** The member that stands for a method of a table: a pointer to a function. Asked by the type checker for members that a record does not have. */
export function methodField(record: c.RecordDecl, name: string): c.Field | undefined {
  const table = tableOf(record)
  if (table === undefined) return undefined
  const method = tableMethod(table.type, name)
  if (method === undefined) return undefined
  let known = fields.get(record)
  if (known === undefined) fields.set(record, (known = new Map()))
  let field = known.get(name)
  if (field === undefined) {
    const type = c.pointerTo(functionType(method.signature, table.key, table.leaf))
    field = { record, name, type, offset: 0, index: record.fields.length + known.size }
    known.set(name, field)
  }
  return field
}

/** Asked by the type checker when a table has no such method. */
export function methodError(
  record: c.RecordDecl,
  name: string,
): { message: string; code: string; hint?: string } | undefined {
  const table = tableOf(record)
  if (table === undefined) return undefined
  const names = [...allMethods().keys()].filter(method => tableMethod(table.type, method) !== undefined)
  return {
    code: "BCC_NO_METHOD",
    message: `table '${table.name}' has no method '${name}'${didYouMean(name, names)}`,
    hint: names.length === 0 ? undefined : `it is a ${table.type}, which has ${names.join(", ")}`,
  }
}

function tableOf(record: c.RecordDecl): { name: string; type: string; key: c.Type; leaf: c.Type } | undefined {
  const args = record.attrs.find(attr => attr.name === TABLE_ATTRIBUTE)?.args
  if (args === undefined || record.fields.length < 2) return undefined
  const [{ type: key }, { type: leaf }] = record.fields
  return { name: String(args[0]), type: mapTypeOf(String(args[1]), key), key, leaf }
}

function functionType(signature: string, key: c.Type, leaf: c.Type): c.Type {
  const typeOf = (code: string): c.Type => {
    switch (code) {
      case "k":
        return key
      case "K":
        return c.pointerTo(c.withQuals(key, c.CONST))
      case "l":
        return c.pointerTo(leaf)
      case "L":
        return c.pointerTo(c.withQuals(leaf, c.CONST))
      case "p":
        return c.VOID_PTR
      case "P":
        return c.CONST_VOID_PTR
      case "u":
        return c.UINT
      case "q":
        return c.ULLONG
      case "v":
        return c.VOID
      default:
        return c.INT
    }
  }
  const [ret, params] = signature.split(" ")
  const variadic = params.endsWith(".")
  return c.functionType(typeOf(ret), [...(variadic ? params.slice(0, -1) : params)].map(typeOf), variadic)
}
