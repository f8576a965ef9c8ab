import { versionNumber } from "../helpers/index.ts"
import { type Field, fieldAt, fits, type Layout, parseLayout } from "./layout.ts"
import { CONTEXTS, type ContextRules, SOCKETS } from "./tables.ts"

/** What a register holds after a read of a context's field. */
export type ContextValueKind =
  | "scalar"
  | "packet"
  | "packet_meta"
  | "packet_end"
  | "socket"
  | "sock_common"
  | "flow_keys"
  | "tp_buffer"
  | "btf"

/** An access that is allowed. */
export interface ContextValue {
  readonly kind: ContextValueKind
  readonly nullable: boolean
  /** For `btf`: the name of the kernel's structure; such pointers are trusted. */
  readonly type: string
}

/** An access to a context. */
export interface ContextUse {
  /** Bytes from its start. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
  readonly write: boolean
  /** A load that extends the sign. */
  readonly signed?: boolean
}

/** Whose context it is. */
export interface ContextPlace {
  readonly type: string
  readonly attachType?: string
  /** `major * 100 + minor`. */
  readonly kernel: number
}

const SCALAR: ContextValue = { kind: "scalar", nullable: false, type: "" }
/** First kernel that has loads that extend the sign. */
const SIGNED_LOADS = 606

/** Rules that have been read: what a field gives and who may do what. */
interface Context {
  readonly layout: Layout
  readonly rules: ContextRules
  readonly read: (field: string) => boolean
  readonly write: (field: string) => boolean
  readonly gives: ReadonlyMap<string, ContextValue>
}

const contexts = new Map<string, Context | undefined>()

/** The context of a program type on a kernel; undefined where BTF says what is in it. */
function contextOf(table: Readonly<Record<string, ContextRules>>, type: string, kernel: number): Context | undefined {
  const key = `${type} ${kernel}`
  if (!contexts.has(key)) contexts.set(key, type in table ? readRules(table[type], kernel) : undefined)
  return contexts.get(key)
}

/** Whether a program type's context is in the tables; otherwise its target's BTF says what it is. */
export function hasContext(type: string): boolean {
  return type in CONTEXTS
}

/** Size of a program type's context in bytes. */
export function contextSize(type: string): number {
  return contextOf(CONTEXTS, type, 0)?.layout.size ?? 0
}

/** What an access to a program's context gives; undefined where it is not allowed (`invalid bpf_context access`). */
export function contextAccess(place: ContextPlace, use: ContextUse): ContextValue | undefined {
  const context = contextOf(CONTEXTS, place.type, place.kernel)
  if (context === undefined) return undefined
  const field = fieldAt(context.layout, use.offset)
  if (field === undefined || !fits(field, use.offset, use.size, use.write)) return undefined
  const { name } = field
  const { rules } = context
  const { attachType = "" } = place
  if (rules.only?.[name]?.test(attachType) === false) return undefined
  if (use.write) {
    return context.write(name) && rules.writeOnly?.[name]?.test(attachType) !== false ? SCALAR : undefined
  }
  if (!context.read(name)) return undefined
  const value = (use.offset === field.offset && context.gives.get(name)) || SCALAR
  // A pointer is not a number whose sign could be extended.
  if (value !== SCALAR && use.signed && place.kernel >= SIGNED_LOADS) return undefined
  return value
}

/** Whether a field of a socket may be read: `socket`, `sock_common`, `tcp_sock`, `xdp_sock`. */
export function socketRead(kind: string, offset: number, size: number): boolean {
  const context = contextOf(SOCKETS, kind, 0)!
  const field = fieldAt(context.layout, offset)
  return field !== undefined && fits(field, offset, size, false) && context.read(field.name)
}

function readRules(rules: ContextRules, kernel: number): Context {
  const layout = parseLayout(rules.layout)
  const gives = (rules.gives ?? "").split(" ").filter(word => word !== "")
  return {
    layout,
    rules,
    read: among(rules.read, layout.fields, kernel),
    write: among(rules.write ?? "", layout.fields, kernel),
    gives: new Map(gives.map(readValue)),
  }
}

/** `sk=sock_common?`, `skb=btf[sk_buff]` */
function readValue(text: string): [string, ContextValue] {
  const [, field, kind, type, nullable] = /^(\w+)=(\w+)(?:\[(\w+)\])?(\?)?$/.exec(text)!
  return [field, { kind: kind as ContextValueKind, nullable: nullable !== undefined, type: type ?? "" }]
}

/** The fields that a list names: `* -mark skb_hwtstamp@6.2`. */
function among(list: string, fields: readonly Field[], kernel: number): (name: string) => boolean {
  const names = new Set<string>()
  for (const word of list.split(" ")) {
    const [name, since] = word.split("@")
    if (since !== undefined && versionNumber(since) > kernel) continue
    if (name === "*") for (const field of fields) names.add(field.name)
    else if (name.startsWith("-")) names.delete(name.slice(1))
    else names.add(name)
  }
  return name => names.has(name)
}
