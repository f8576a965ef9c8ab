import { BTF_HEADER_SIZE, BTF_KIND, BTF_KIND_NAMES, BTF_MAGIC, BTF_VERSION } from "../btf/index.ts"
import { ByteReader, badSnapshot } from "./bytes.ts"
import { STREAMS, type Streams, streams } from "./streams.ts"

/** The types that `writeTypes` wrote, as a .BTF section. @throws SkepError SNAPSHOT_BAD */
export function readTypes(bytes: Uint8Array): Uint8Array {
  return new TypeReader(new ByteReader(bytes)).read()
}

class TypeReader {
  readonly #in: Streams<ByteReader> = streams(() => EMPTY)
  readonly #count: number
  /** Bytes of all strings, and where those begin that are used more than once and those that are used once. */
  readonly #strings: Uint8Array
  readonly #again: Uint32Array
  readonly #once: Uint32Array
  readonly #common: number[] = []
  #words = new Uint32Array(1 << 16)
  #length = 0
  #nextOnce = 0

  constructor(reader: ByteReader) {
    this.#count = reader.number()
    const [again, once] = [readStrings(reader), readStrings(reader)]
    // Offset 0 of a string section is the empty string.
    this.#strings = new Uint8Array(1 + again.bytes.length + once.bytes.length)
    this.#strings.set(again.bytes, 1)
    this.#strings.set(once.bytes, 1 + again.bytes.length)
    this.#again = again.starts.map(start => 1 + start)
    this.#once = once.starts.map(start => 1 + again.bytes.length + start)
    for (let n = reader.number(); n > 0; n--) this.#common.push(reader.number())
    for (const name of STREAMS) this.#in[name] = new ByteReader(reader.block())
  }

  read(): Uint8Array {
    for (let id = 1; id <= this.#count; id++) this.#type(id)
    const types = this.#length * 4
    const out = new Uint8Array(BTF_HEADER_SIZE + types + this.#strings.length)
    const view = new DataView(out.buffer)
    view.setUint16(0, BTF_MAGIC, true)
    out[2] = BTF_VERSION
    for (const [i, word] of [BTF_HEADER_SIZE, 0, types, types, this.#strings.length].entries()) {
      view.setUint32(4 + i * 4, word, true)
    }
    for (let i = 0; i < this.#length; i++) view.setUint32(BTF_HEADER_SIZE + i * 4, this.#words[i], true)
    out.set(this.#strings, BTF_HEADER_SIZE + types)
    return out
  }

  #word(value: number): void {
    if (this.#length === this.#words.length) {
      const grown = new Uint32Array(this.#words.length * 2)
      grown.set(this.#words)
      this.#words = grown
    }
    this.#words[this.#length++] = value
  }

  #name(stream: ByteReader): number {
    const token = stream.number()
    if (token === 0) return 0
    const [list, at] = token === 1 ? [this.#once, this.#nextOnce++] : [this.#again, token - 2]
    if (at >= list.length) throw badSnapshot("a name is not there")
    return list[at]
  }

  #ref(from: number): number {
    const token = this.#in.refs.number()
    if (token === 0) return 0
    const id = token === 1 ? from + this.#in.far.signed() : this.#common[token - 2]
    if (!(id > 0 && id <= this.#count)) throw badSnapshot("a type is not there")
    return id
  }

  #type(id: number): void {
    const { kinds, counts, names, parts, sizes, offsets, bits, values } = this.#in
    const byte = kinds.byte()
    const kind = BTF_KIND_NAMES[byte & 31]
    const flag = byte >> 5
    const header = (count: number, last: number, kindFlag = flag): void => {
      this.#word(this.#name(names))
      this.#word(((kindFlag << 31) | (BTF_KIND[kind] << 24) | count) >>> 0)
      this.#word(last)
    }
    switch (kind) {
      case "int": {
        const [size, width, bitOffset, encoding] = [sizes.number(), sizes.number(), sizes.number(), sizes.number()]
        header(0, size)
        this.#word(((encoding << 24) | (bitOffset << 16) | width) >>> 0)
        break
      }
      case "float":
        header(0, sizes.number())
        break
      case "array": {
        header(0, 0)
        this.#word(this.#ref(id))
        this.#word(this.#ref(id))
        this.#word(sizes.number())
        break
      }
      case "struct":
      case "union": {
        const count = counts.number()
        header(count, sizes.number())
        for (let i = 0, offset = 0; i < count; i++) {
          offset += offsets.signed()
          this.#word(this.#name(parts))
          this.#word(this.#ref(id))
          this.#word(flag === 0 ? offset : ((bits.number() << 24) | offset) >>> 0)
        }
        break
      }
      case "enum":
      case "enum64": {
        const count = counts.number()
        header(count, sizes.number())
        for (let i = 0, value = 0; i < count; i++) {
          this.#word(this.#name(parts))
          if (kind === "enum64") {
            this.#word(values.number())
            this.#word(values.number())
          } else this.#word((value += values.signed()) >>> 0)
        }
        break
      }
      case "fwd":
        header(0, 0)
        break
      case "func_proto": {
        const count = counts.number()
        header(count + flag, this.#ref(id), 0)
        for (let i = 0; i < count; i++) {
          this.#word(this.#name(parts))
          this.#word(this.#ref(id))
        }
        if (flag === 1) {
          this.#word(0)
          this.#word(0)
        }
        break
      }
      case "func":
        header(sizes.number(), this.#ref(id))
        break
      case "var":
        header(0, this.#ref(id))
        this.#word(sizes.number())
        break
      case "datasec": {
        const size = sizes.number()
        const count = counts.number()
        header(count, size)
        for (let i = 0; i < count; i++) {
          this.#word(this.#ref(id))
          this.#word(sizes.number())
          this.#word(sizes.number())
        }
        break
      }
      case "decl_tag":
        header(0, this.#ref(id))
        this.#word((sizes.number() - 1) >>> 0)
        break
      case "void":
      case undefined:
        throw badSnapshot("a type has no kind")
      default:
        header(0, this.#ref(id))
    }
  }
}

const EMPTY = new ByteReader(new Uint8Array())

function readStrings(reader: ByteReader): { readonly bytes: Uint8Array; readonly starts: Uint32Array } {
  const count = reader.number()
  const bytes = reader.block()
  if (count > bytes.length) throw badSnapshot("there are fewer names than it says")
  const starts = new Uint32Array(count)
  for (let i = 0, at = 0; i < count; i++) {
    starts[i] = at
    at = bytes.indexOf(0, at) + 1
    if (at === 0) throw badSnapshot("a name has no end")
  }
  return { bytes, starts }
}
