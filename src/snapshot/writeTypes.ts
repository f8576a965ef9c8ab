import { BTF_KIND, BTF_LINKAGES, type Btf, type BtfType, references } from "../btf/index.ts"
import { ByteWriter } from "./bytes.ts"
import { COMMON_TYPES, STREAMS, type Streams, streams } from "./streams.ts"

/** The types of a BTF as a snapshot holds them: strings, common types, and the streams of `streams.ts`. */
export function writeTypes(btf: Btf): Uint8Array {
  return new TypeWriter(btf).write()
}

class TypeWriter {
  readonly #btf: Btf
  readonly #out: Streams<ByteWriter> = streams(() => new ByteWriter())
  /** Strings that are used more than once, with their numbers. */
  readonly #again = new Map<string, number>()
  /** The others, in the order of their use. */
  readonly #once: string[] = []
  readonly #common = new Map<number, number>()

  constructor(btf: Btf) {
    this.#btf = btf
  }

  write(): Uint8Array {
    const types = Array.from({ length: this.#btf.count - 1 }, (_, i) => this.#btf.type(i + 1))
    const again = mostUsed(types.flatMap(namesOf)).filter(([, times]) => times > 1)
    for (const [i, [name]] of again.entries()) this.#again.set(name, i)
    const common = mostUsed(types.flatMap(references)).filter(([id]) => id !== 0)
    for (const [i, [id]] of common.slice(0, COMMON_TYPES).entries()) this.#common.set(id, i)
    for (const [i, type] of types.entries()) this.#type(i + 1, type)
    const out = new ByteWriter()
    out.number(types.length)
    const text = new TextEncoder()
    for (const names of [[...this.#again.keys()], this.#once]) {
      out.number(names.length)
      out.block(text.encode(names.map(name => `${name}\0`).join("")))
    }
    out.number(this.#common.size)
    for (const id of this.#common.keys()) out.number(id)
    for (const name of STREAMS) out.block(this.#out[name].bytes)
    return out.bytes
  }

  #name(stream: "names" | "parts", name: string): void {
    const known = this.#again.get(name)
    if (name === "") this.#out[stream].number(0)
    else if (known !== undefined) this.#out[stream].number(known + 2)
    else {
      this.#out[stream].number(1)
      this.#once.push(name)
    }
  }

  #ref(from: number, id: number): void {
    const { refs, far } = this.#out
    const known = this.#common.get(id)
    if (id === 0) refs.number(0)
    else if (known !== undefined) refs.number(known + 2)
    else {
      refs.number(1)
      far.signed(id - from)
    }
  }

  #type(id: number, type: BtfType): void {
    const { kinds, counts, sizes, offsets, bits, values } = this.#out
    kinds.byte(BTF_KIND[type.kind] | (flagOf(type) ? 0x20 : 0))
    this.#name("names", type.name)
    for (const reference of references(type)) this.#ref(id, reference)
    switch (type.kind) {
      case "int":
        for (const n of [type.size, type.bits, type.bitOffset]) sizes.number(n)
        sizes.number(Number(type.signed) | (Number(type.char) << 1) | (Number(type.bool) << 2))
        break
      case "float":
        sizes.number(type.size)
        break
      case "array":
        sizes.number(type.count)
        break
      case "struct":
      case "union": {
        sizes.number(type.size)
        counts.number(type.members.length)
        let last = 0
        for (const member of type.members) {
          this.#name("parts", member.name)
          offsets.signed(member.bitOffset - last)
          last = member.bitOffset
          if (flagOf(type)) bits.number(member.bitSize)
        }
        break
      }
      case "enum":
      case "enum64": {
        sizes.number(type.size)
        counts.number(type.values.length)
        let last = 0
        for (const { name, value } of type.values) {
          this.#name("parts", name)
          if (typeof value === "bigint") {
            values.number(Number(BigInt.asUintN(32, value)))
            values.number(Number(BigInt.asUintN(32, value >> 32n)))
          } else {
            values.signed(value - last)
            last = value
          }
        }
        break
      }
      case "func_proto":
        counts.number(type.params.length)
        for (const { name } of type.params) this.#name("parts", name)
        break
      case "func":
      case "var":
        sizes.number(BTF_LINKAGES.indexOf(type.linkage))
        break
      case "datasec":
        sizes.number(type.size)
        counts.number(type.vars.length)
        for (const { offset, size } of type.vars) {
          sizes.number(offset)
          sizes.number(size)
        }
        break
      case "decl_tag":
        sizes.number(type.component + 1)
        break
    }
  }
}

/** `kind_flag` of a type; of a prototype, that it takes more arguments. */
function flagOf(type: BtfType): boolean {
  switch (type.kind) {
    case "struct":
    case "union":
      return type.members.some(member => member.bitSize !== 0)
    case "enum":
    case "enum64":
      return type.signed
    case "fwd":
      return type.union
    case "func_proto":
      return type.variadic
    case "decl_tag":
    case "type_tag":
      return type.attribute
    default:
      return false
  }
}

function namesOf(type: BtfType): string[] {
  const parts =
    type.kind === "struct" || type.kind === "union"
      ? type.members
      : type.kind === "enum" || type.kind === "enum64"
        ? type.values
        : type.kind === "func_proto"
          ? type.params
          : []
  return [type.name, ...parts.map(({ name }) => name)].filter(name => name !== "")
}

/** What a list has and how often, most first; what it has equally often stays in order. */
function mostUsed<T>(list: readonly T[]): [T, number][] {
  const times = new Map<T, number>()
  for (const one of list) times.set(one, (times.get(one) ?? 0) + 1)
  return [...times].sort(([, a], [, b]) => b - a)
}
