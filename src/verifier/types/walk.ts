import { type Btf, type BtfMember, type BtfType, type RecordType, sizeOf } from "../../btf/index.ts"

/** What a read of some bytes of a kernel structure gives. */
export type Walked =
  /** A number. */
  | { readonly kind: "scalar" }
  /** A pointer to a structure. */
  | {
      readonly kind: "pointer"
      /** Id of the structure. */
      readonly type: number
      /** Its type tag, where it is one that counts. */
      readonly tag: "user" | "percpu" | "rcu" | undefined
      /** The way goes through a union, whose other members may have been written. */
      readonly union: boolean
      /** Name of the field. */
      readonly field: string
    }
  /** A pointer to what is no structure (Linux 6.17): its memory may be read as if it were there. */
  | { readonly kind: "memory" }
  /** A structure inside of this one starts here. */
  | { readonly kind: "struct"; readonly type: number }
  | { readonly kind: "refused"; readonly message: string; readonly errno: number }

/** Which bytes are read, on which kernel. */
export interface WalkOptions {
  /** Bytes from the start of the structure. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
  /** `major * 100 + minor`. */
  readonly kernel: number
  /** The pointer is an untrusted one, so that its reads are probed. */
  readonly untrusted?: boolean
}

const [EACCES, EINVAL] = [13, 22]
const SCALAR: Walked = { kind: "scalar" }
/** First kernel where a pointer to what is no structure is more than a number. */
const POINTERS_TO_MEMORY = 617
/** First kernel that tells pointers that come out of unions from others. */
const UNIONS_ARE_UNTRUSTED = 604

const refused = (message: string, errno: number): Walked => ({ kind: "refused", message, errno })

/** A name as messages have it. */
const nameOf = ({ name }: { readonly name: string }): string => name || "(anon)"

/**
 * What the bytes of a structure are: follows members, arrays and structures inside of it. With `stop`, the way ends where a structure
 * starts at the offset.
 *
 * Source: `btf_struct_walk`, Linux 6.1 to 6.18.
 */
export function walkStruct(btf: Btf, id: number, options: WalkOptions, stop = false): Walked {
  const { size, kernel } = options
  let { offset } = options
  let union = false
  let type = btf.type(id)
  for (;;) {
    if (type.kind !== "struct" && type.kind !== "union")
      return refused(`Type '${nameOf(type)}' is not a struct`, EINVAL)
    const members = type.members
    if (type.kind === "union" && members.length !== 1 && kernel >= UNIONS_ARE_UNTRUSTED) union = true
    if (offset + size > type.size) {
      const tail = flexibleTail(btf, type, offset)
      if (tail === undefined)
        return refused(`access beyond struct ${nameOf(type)} at off ${offset} size ${size}`, EACCES)
      if (tail.kind === "int") return SCALAR
      offset = (offset - lastOffset(members)) % (tail as RecordType).size
      type = tail
      continue
    }
    const found = findIn(btf, type, offset, size)
    if (found === undefined) return refused(`struct ${nameOf(type)} doesn't have field at offset ${offset}`, EINVAL)
    if (found === "bits") return SCALAR
    const { member, start, element } = found
    const inner = btf.resolved(element)
    if (inner.kind === "struct" || inner.kind === "union") {
      if (stop && offset === start) return { kind: "struct", type: btf.resolve(element) }
      offset -= start
      type = inner
      continue
    }
    if (inner.kind === "ptr") {
      if (size !== 8 || offset !== start) {
        const place = `${nameOf(member)} with moff ${start} in struct ${nameOf(type)} with off ${offset} size ${size}`
        return refused(`cannot access ptr member ${place}`, EACCES)
      }
      const pointer = readPointer(btf, inner.type, member.name, union, kernel)
      if (pointer !== undefined) return pointer
    }
    if (offset + size > found.end && !(union || options.untrusted)) {
      const place = `${nameOf(member)} (mend:${found.end}) in struct ${nameOf(type)} with off ${offset} size ${size}`
      return refused(`access beyond the end of member ${place}`, EACCES)
    }
    return SCALAR
  }
}

/** The member that some bytes are in, and where the element starts if it is an array. */
interface Found {
  readonly member: BtfMember
  readonly start: number
  readonly end: number
  readonly element: number
}

function findIn(btf: Btf, { members }: RecordType, offset: number, size: number): Found | "bits" | undefined {
  for (const member of members) {
    const from = Math.floor(member.bitOffset / 8)
    if (offset + size <= from) return undefined
    if (member.bitSize > 0) {
      if (offset <= from && Math.ceil((member.bitOffset + member.bitSize) / 8) <= offset + size) return "bits"
      continue
    }
    if (offset < from) return undefined
    const bytes = sizeOrZero(btf, member.type)
    if (offset >= from + bytes) continue
    const element = elementOf(btf, member.type)
    const each = sizeOf(btf, element)
    return { member, start: from + Math.floor((offset - from) / each) * each, end: from + bytes, element }
  }
  return undefined
}

/** The type of the elements of an array, however many dimensions it has; another type is its own. */
function elementOf(btf: Btf, id: number): number {
  for (;;) {
    const type = btf.resolved(id)
    if (type.kind !== "array") return id
    id = type.type
  }
}

function sizeOrZero(btf: Btf, id: number): number {
  try {
    return sizeOf(btf, id)
  } catch {
    return 0
  }
}

const lastOffset = (members: readonly BtfMember[]): number => Math.floor(members[members.length - 1].bitOffset / 8)

/** What the array without a length at the end of a structure holds, where an offset is in it. */
function flexibleTail(btf: Btf, { members }: RecordType, offset: number): BtfType | undefined {
  if (members.length === 0) return undefined
  const array = btf.resolved(members[members.length - 1].type)
  if (array.kind !== "array" || array.count !== 0 || offset < lastOffset(members)) return undefined
  const element = btf.resolved(array.type)
  return element.kind === "int" || element.kind === "struct" || element.kind === "union" ? element : undefined
}

function readPointer(btf: Btf, target: number, field: string, union: boolean, kernel: number): Walked | undefined {
  const first = btf.type(target)
  const name = first.kind === "type_tag" && !first.attribute ? first.name : ""
  const tag = name === "user" || name === "percpu" || name === "rcu" ? name : undefined
  const id = btf.resolve(target)
  const { kind } = btf.type(id)
  if (kind === "struct" || kind === "union") return { kind: "pointer", type: id, tag, union, field }
  return kernel >= POINTERS_TO_MEMORY ? { kind: "memory" } : undefined
}
