import type { Btf } from "../btf.ts"
import { badBtf } from "../error.ts"
import { type BtfType, isRecord } from "../types.ts"
import { Declarations, integerOf, isCName } from "./declare.ts"
import { UniqueNames } from "./names.ts"

/** Deepest nesting of types that contain each other by value. */
const MAX_DEPTH = 256

/**
 * The types of a BTF as a C header that compilers take (gcc and clang in GNU C11): definitions in an order that works,
 * forward declarations where they are needed, the offsets and sizes of the BTF. What has the name of an earlier thing
 * gets `___2` after it.
 *
 * `ids`: which types to define, with all they need; all types that are not functions, variables or sections when left
 * out.
 *
 * @throws SkepError BTF_BAD_ID, BTF_BAD_STRING, BTF_CYCLE, BTF_TOO_LARGE, BTF_NO_SIZE
 */
export function dump(btf: Btf, ids?: Iterable<number>): string {
  const writer = new HeaderWriter(btf)
  if (ids === undefined) {
    for (let id = 1; id < btf.count; id++) writer.add(id)
  } else {
    for (const id of ids) writer.add(id, true)
  }
  return writer.text()
}

class HeaderWriter {
  readonly #btf: Btf
  readonly #names: UniqueNames
  readonly #declarations: Declarations
  readonly #chunks: string[] = []
  /** Types whose definition is written or, while `active`, begun. */
  readonly #state = new Map<number, "active" | "done">()
  readonly #forward = new Set<string>()
  readonly #anonymousEnums: number[] = []

  constructor(btf: Btf) {
    this.#btf = btf
    this.#names = new UniqueNames(btf)
    this.#declarations = new Declarations(btf, this.#names)
  }

  /** Writes a type and what it needs; with `asked`, functions, variables and sections too. */
  add(id: number, asked = false): void {
    const type = this.#btf.type(id)
    switch (type.kind) {
      case "func":
      case "var":
        if (!asked) return
        this.#need(type.type, type.kind === "var", 0)
        this.#once(id, () => this.#chunks.push(this.#declarations.define(id)))
        return
      case "datasec":
        for (const v of asked ? type.vars : []) if (this.#btf.kind(v.type) !== "datasec") this.add(v.type, true)
        return
      case "decl_tag":
        return
      case "enum":
      case "enum64":
        // Those without a name are written where they are used, and the rest of them at the end.
        if (type.name === "") this.#anonymousEnums.push(id)
        else this.#need(id, true, 0)
        return
      default:
        // Anonymous records stand where they are used; so do pointers, arrays and the like.
        if (type.name !== "") this.#need(id, true, 0)
    }
  }

  text(): string {
    for (const id of this.#anonymousEnums.splice(0)) {
      // A declaration writes it out the first time only.
      const text = this.#declarations.declare(id)
      if (text.startsWith("enum")) this.#chunks.push(`${text};`)
    }
    return this.#chunks.map(chunk => `${chunk}\n`).join("\n")
  }

  /** Writes what must stand before a use of a type: with `complete` its definition, otherwise a declaration will do. */
  #need(id: number, complete: boolean, depth: number): void {
    if (depth > MAX_DEPTH) throw badBtf("BTF_CYCLE", `BTF type ${id} is nested deeper than ${MAX_DEPTH} types`)
    const type = this.#btf.type(id)
    switch (type.kind) {
      case "void":
      case "datasec":
        return
      case "int":
      case "float":
        if (!isCName(type.name)) this.#once(id, () => this.#chunks.push(this.#foreign(id, type)))
        return
      case "ptr":
        this.#need(type.type, false, depth + 1)
        return
      case "array":
        this.#need(type.type, true, depth + 1)
        return
      case "func_proto":
        this.#need(type.type, false, depth + 1)
        for (const p of type.params) this.#need(p.type, false, depth + 1)
        return
      case "fwd":
        this.#declare(id, type.union ? "union" : "struct")
        return
      case "enum":
      case "enum64":
        if (type.name !== "") this.#once(id, () => this.#chunks.push(this.#declarations.define(id)))
        return
      case "struct":
      case "union":
        if (type.name !== "" && !complete) {
          this.#declare(id, type.kind)
          return
        }
        this.#once(id, () => {
          for (const m of type.members) this.#need(m.type, true, depth + 1)
          if (type.name !== "") this.#chunks.push(this.#declarations.define(id))
        })
        return
      case "typedef":
        this.#typedef(id, type.type, complete, depth)
        return
      default:
        this.#need(type.type, complete, depth + 1)
        return
    }
  }

  #typedef(id: number, target: number, complete: boolean, depth: number): void {
    this.#once(id, () => {
      const type = this.#btf.type(target)
      this.#need(target, isRecord(type) && type.name === "", depth + 1)
      this.#chunks.push(this.#declarations.define(id))
    })
    if (complete) this.#need(target, true, depth + 1)
  }

  /** Writes a type unless it is written already. @throws SkepError BTF_CYCLE when it contains itself */
  #once(id: number, write: () => void): void {
    const state = this.#state.get(id)
    if (state === "done") return
    if (state === "active") throw badBtf("BTF_CYCLE", `BTF type ${id} ("${this.#btf.name(id)}") contains itself`)
    this.#state.set(id, "active")
    write()
    this.#state.set(id, "done")
  }

  /** Writes a forward declaration unless the definition or one of them stands already. */
  #declare(id: number, kind: "struct" | "union"): void {
    if (this.#state.get(id) === "done") return
    const text = `${kind} ${this.#names.tag(id)};`
    if (this.#forward.has(text)) return
    this.#forward.add(text)
    this.#chunks.push(text)
  }

  /** A typedef for an integer or float that C does not know by its name, such as Rust's `u64`. */
  #foreign(id: number, type: BtfType & { kind: "int" | "float" }): string {
    const name = this.#names.ordinary(id)
    if (type.kind === "int") return `typedef ${integerOf(type.size, type.signed)} ${name};`
    const known = type.size === 4 ? "float" : type.size === 8 ? "double" : type.size === 2 ? "_Float16" : "long double"
    return `typedef ${known} ${name};`
  }
}
