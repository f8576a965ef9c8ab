import { Bytes } from "./bytes.ts"

/** A function's type: the types of its parameters and of what it gives. */
interface Signature {
  readonly params: readonly number[]
  readonly results: readonly number[]
}

/** A function that comes from outside. */
interface ImportedFunction {
  readonly module: string
  readonly name: string
  readonly type: number
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
  readonly #imports: ImportedFunction[] = []
  readonly #bodies: { type: number; body: Uint8Array }[] = []
  readonly #exports: { name: string; func: number }[] = []
  /** Where the body of each function begins in the module, once it is finished. */
  readonly bodyOffsets: number[] = []

  /** The number of a function type, the same for the same type. */
  type(params: readonly number[], results: readonly number[]): number {
    for (let t = 0; t < this.#types.length; t++) {
      if (isSame(this.#types[t].params, params) && isSame(this.#types[t].results, results)) return t
    }
    return this.#types.push({ params, results }) - 1
  }

  /** The number of an imported function. All imports come before the first {@link add}. */
  importFunction(module: string, name: string, type: number): number {
    for (let n = 0; n < this.#imports.length; n++) {
      if (this.#imports[n].name === name && this.#imports[n].module === module) return n
    }
    return this.#imports.push({ module, name, type }) - 1
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
    out.bytes(HEAD)
    this.#typeSection()
    this.#importSection()
    this.#functionSection()
    this.#exportSection()
    this.#codeSection()
    return out.take()
  }

  #typeSection(): void {
    begin(this.#types.length)
    for (const { params, results } of this.#types) {
      content.byte(0x60)
      content.u32(params.length)
      content.bytes(params)
      content.u32(results.length)
      content.bytes(results)
    }
    end(1)
  }

  /** The functions, and the memory. */
  #importSection(): void {
    begin(this.#imports.length + 1)
    for (const { module, name, type } of this.#imports) {
      content.name(module)
      content.name(name)
      content.byte(0x00)
      content.u32(type)
    }
    content.name("m")
    content.name("memory")
    content.bytes(ONE_PAGE_OR_MORE)
    end(2)
  }

  #functionSection(): void {
    begin(this.#bodies.length)
    for (const { type } of this.#bodies) content.u32(type)
    end(3)
  }

  #exportSection(): void {
    if (this.#exports.length === 0) return
    begin(this.#exports.length)
    for (const { name, func } of this.#exports) {
      content.name(name)
      content.byte(0x00)
      content.u32(func)
    }
    end(7)
  }

  /** Bodies are large: they are not put together before their size is known. */
  #codeSection(): void {
    let size = sizeOf(this.#bodies.length)
    for (const { body } of this.#bodies) size += sizeOf(body.length) + body.length
    out.byte(10)
    out.u32(size)
    out.u32(this.#bodies.length)
    for (const { body } of this.#bodies) {
      out.u32(body.length)
      this.bodyOffsets.push(out.length)
      out.bytes(body)
    }
  }
}

const HEAD = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const ONE_PAGE_OR_MORE = [0x02, 0x00, 1]

const out = new Bytes(16384)
/** What a section holds, before its size is known. */
const content = new Bytes(1024)

function begin(count: number): void {
  content.length = 0
  content.u32(count)
}

function end(id: number): void {
  out.byte(id)
  out.u32(content.length)
  out.bytes(content.view)
}

/** Bytes that an unsigned number takes. */
function sizeOf(value: number): number {
  let size = 1
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size++
  return size
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let n = 0; n < a.length; n++) if (a[n] !== b[n]) return false
  return true
}
