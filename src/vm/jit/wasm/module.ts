import { Bytes } from "./bytes.ts"

/** A function's type: the types of its parameters and of what it gives. */
interface Signature {
  readonly params: readonly number[]
  readonly results: readonly number[]
}

/**
 * Writes a module of WebAssembly:
 *
 *     magic version (id size content)*      sections in the order of their ids; vectors are a count and items
 *
 * Source: WebAssembly core specification, chapter 5.5.
 */
export class ModuleWriter {
  readonly #types: Signature[] = []
  readonly #typeIndex = new Map<string, number>()
  readonly #imports: { module: string; name: string; type: number }[] = []
  readonly #importIndex = new Map<string, number>()
  readonly #bodies: { type: number; body: Uint8Array }[] = []
  readonly #exports: { name: string; func: number }[] = []
  /** Where the body of each function begins in the module, once it is finished. */
  readonly bodyOffsets: number[] = []

  /** The number of a function type, the same for the same type. */
  type(params: readonly number[], results: readonly number[]): number {
    const key = `${params.join()}>${results.join()}`
    let index = this.#typeIndex.get(key)
    if (index === undefined) {
      index = this.#types.push({ params, results }) - 1
      this.#typeIndex.set(key, index)
    }
    return index
  }

  /** The number of an imported function. All imports come before the first {@link add}. */
  importFunction(module: string, name: string, type: number): number {
    const key = `${module}.${name}`
    let index = this.#importIndex.get(key)
    if (index === undefined) {
      index = this.#imports.push({ module, name, type }) - 1
      this.#importIndex.set(key, index)
    }
    return index
  }

  /** Adds a function: locals and code, without the size before them. */
  add(type: number, body: Uint8Array): void {
    this.#bodies.push({ type, body })
  }

  export(name: string, func: number): void {
    this.#exports.push({ name, func })
  }

  finish(): Uint8Array {
    out.length = 0
    out.bytes([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
    section(1, this.#types, (to, { params, results }) => {
      to.byte(0x60)
      to.u32(params.length)
      to.bytes(params)
      to.u32(results.length)
      to.bytes(results)
    })
    const memory = { module: "m", name: "memory", type: -1 }
    section(2, [...this.#imports, memory], (to, { module, name, type }) => {
      to.name(module)
      to.name(name)
      if (type < 0) {
        to.bytes([0x02, 0x00])
        to.u32(1)
      } else {
        to.byte(0x00)
        to.u32(type)
      }
    })
    section(3, this.#bodies, (to, { type }) => to.u32(type))
    section(7, this.#exports, (to, { name, func }) => {
      to.name(name)
      to.byte(0x00)
      to.u32(func)
    })
    const inSection: number[] = []
    section(10, this.#bodies, (to, { body }) => {
      to.u32(body.length)
      inSection.push(to.length)
      to.bytes(body)
    })
    const end =
      inSection.length === 0 ? 0 : inSection[inSection.length - 1] + this.#bodies[inSection.length - 1].body.length
    for (const offset of inSection) this.bodyOffsets.push(out.length - end + offset)
    return out.take()
  }
}

const out = new Bytes(16384)
/** What a section holds, before its size is known. */
const content = new Bytes(16384)

function section<T>(id: number, items: readonly T[], write: (to: Bytes, item: T) => void): void {
  if (items.length === 0) return
  content.length = 0
  content.u32(items.length)
  for (const item of items) write(content, item)
  out.byte(id)
  out.u32(content.length)
  out.bytes(content.view)
}
