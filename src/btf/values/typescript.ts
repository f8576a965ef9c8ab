import type { Btf } from "../btf.ts"
import { type EnumShape, type RecordShape, type Shape, shapeOf } from "./shape.ts"

/** An enumeration by the name that its type has in TypeScript. */
export interface NamedEnum {
  readonly name: string
  /** Enumerators and their values, as they are decoded. */
  readonly values: readonly (readonly [name: string, value: number | bigint])[]
}

/** Words that TypeScript takes for something else, or that generated declarations refer to. */
const TAKEN =
  "any as async await bigint boolean break case catch class const continue debugger declare default delete do else enum export extends false " +
  "finally for function get if implements import in infer instanceof interface is keyof let module namespace never new null number object of " +
  "package private protected public readonly require return set static string super switch symbol this throw true try type typeof undefined " +
  "unique unknown var void while with yield Uint8Array Record Array"

/**
 * Writes the types of the values that {@link valueCodec} gives, as TypeScript: it goes by the same shapes, so that what is decoded
 * fits its type. Structs, unions and enumerations that have a name in C are declared under it; others stand where they are used.
 *
 *     struct key_t { u32 pid; char comm[16]; u64 ns; }   →   interface key_t { pid: number; comm: CharArray; ns: bigint }
 */
export class TypeWriter {
  readonly #btf: Btf
  /** Names in use, with what is declared under each; empty for those that are somebody else's. */
  readonly #names: Map<string, string>
  readonly #declarations: string[] = []
  readonly #enums: NamedEnum[] = []
  #usesChars = false

  /** `taken`: names that declarations must not have. */
  constructor(btf: Btf, taken: Iterable<string> = []) {
    this.#btf = btf
    this.#names = new Map([...TAKEN.split(" "), "CharArray", ...taken].map(name => [name, ""]))
  }

  /** Declarations of the types that were asked for so far, and of those they consist of; each is text that ends with a line end. */
  get declarations(): readonly string[] {
    return this.#declarations
  }

  /** The enumerations among them. */
  get enums(): readonly NamedEnum[] {
    return this.#enums
  }

  /** Whether {@link CharArray} is among the types. */
  get usesChars(): boolean {
    return this.#usesChars
  }

  /** The type of decoded values of a BTF type. @throws SkepError BTF_… where it has no values */
  type(id: number): string {
    return this.#of(shapeOf(this.#btf, id))
  }

  #of(shape: Shape): string {
    switch (shape.kind) {
      case "int":
        return shape.big ? "bigint" : "number"
      case "bool":
        return "boolean"
      case "float":
        return shape.size === 4 || shape.size === 8 ? "number" : "Uint8Array"
      case "enum":
        return this.#enum(shape)
      case "chars":
        this.#usesChars = true
        return "CharArray"
      case "array":
        return `${this.#of(shape.element)}[]`
      case "record":
        return this.#record(shape)
    }
  }

  #enum(shape: EnumShape): string {
    const type = shape.big ? "bigint" : "number"
    const name = nameOf(shape)
    if (name === undefined) return type
    const values = shape.type.values.slice(0, MAX_LISTED).map(({ name, value }) => `${name} = ${value}`)
    const more = shape.type.values.length > MAX_LISTED ? ", …" : ""
    const known = this.#declarations.length
    const text = (own: string) =>
      `/** \`${shape.label}\`: ${values.join(", ")}${more} */\nexport type ${own} = ${type}\n`
    const declared = this.#declare(name, text)
    if (this.#declarations.length > known) {
      this.#enums.push({
        name: declared,
        values: shape.type.values.map(v => [v.name, shape.big ? BigInt(v.value) : Number(v.value)]),
      })
    }
    return declared
  }

  #record(shape: RecordShape): string {
    // Of two members of one name the last one counts.
    const members = new Map(shape.fields.map(f => [f.name, this.#of(f.shape)]))
    const name = nameOf(shape)
    if (members.size === 0) return "Record<never, never>"
    if (name === undefined) {
      return `{ ${Array.from(members, ([member, type]) => `${propertyName(member)}: ${type}`).join("; ")} }`
    }
    const lines = Array.from(members, ([member, type]) => `  ${propertyName(member)}: ${type}\n`)
    const about = `/** \`${shape.label}\`, ${shape.size} bytes${shape.flexible ? " and what follows" : ""}. */`
    return this.#declare(name, own => `${about}\nexport interface ${own} {\n${lines.join("")}}\n`)
  }

  /** Declares a type once; two types of one name in C get different ones. */
  #declare(wanted: string, text: (name: string) => string): string {
    for (let n = 1; ; n++) {
      const name = n === 1 ? wanted : `${wanted}_${n}`
      const declared = this.#names.get(name)
      const own = text(name)
      if (declared === own) return name
      if (declared !== undefined) continue
      this.#names.set(name, own)
      this.#declarations.push(own)
      return name
    }
  }
}

/** Most enumerators in the comment of an enumeration. */
const MAX_LISTED = 20

/** The name under which a type can be declared: that of its struct, union, enumeration or typedef. */
function nameOf({ label }: Shape): string | undefined {
  return /^(?:struct |union |enum )?([A-Za-z_$][\w$]*)$/.exec(label)?.[1]
}

/** A name as the key of a member. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}
