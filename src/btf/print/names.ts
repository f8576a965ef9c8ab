import type { Btf } from "../btf.ts"

/** How the C printer names what it prints. */
export interface Names {
  /** Tag of a struct, union, enumeration or forward declaration that has a name. */
  tag(id: number): string
  /** Name of a typedef, function, variable, or of an integer or float type that C does not know. */
  ordinary(id: number): string
  /** Name of an enumerator where its enumeration is defined. */
  enumerator(name: string): string
  /** Whether an anonymous enumeration is to be written out here; otherwise an integer type stands for it. */
  writesEnum(id: number): boolean
}

/** Every name as it stands in the BTF. */
export function plainNames(btf: Btf): Names {
  return {
    tag: id => identifier(btf.name(id)),
    ordinary: id => identifier(btf.name(id)),
    enumerator: identifier,
    writesEnum: () => true,
  }
}

/** Names for one C file, in which no two things may be called the same: later ones get `___2`, `___3`, … */
export class UniqueNames implements Names {
  readonly #btf: Btf
  readonly #given = new Map<number, string>()
  readonly #tags = new Map<string, number>()
  readonly #ordinary = new Map<string, number>()
  readonly #enums = new Set<number>()

  constructor(btf: Btf) {
    this.#btf = btf
  }

  tag(id: number): string {
    const known = this.#given.get(id)
    if (known !== undefined) return known
    const type = this.#btf.type(id)
    // A forward declaration has the name of what it declares.
    const definition = type.kind === "fwd" ? this.#btf.find(type.name, type.union ? "union" : "struct") : 0
    const name = definition !== 0 ? this.tag(definition) : unique(this.#tags, type.name)
    this.#given.set(id, name)
    return name
  }

  ordinary(id: number): string {
    const known = this.#given.get(id)
    if (known !== undefined) return known
    const own = this.#btf.name(id)
    // Names that start so belong to the compiler: __builtin_va_list is not everywhere what it is in this BTF.
    const name = unique(this.#ordinary, own.startsWith("__builtin_") ? `_${own}` : own)
    this.#given.set(id, name)
    return name
  }

  enumerator(name: string): string {
    return unique(this.#ordinary, name)
  }

  writesEnum(id: number): boolean {
    if (this.#enums.has(id)) return false
    this.#enums.add(id)
    return true
  }
}

function unique(counts: Map<string, number>, name: string): string {
  const wanted = identifier(name)
  const count = (counts.get(wanted) ?? 0) + 1
  counts.set(wanted, count)
  return count === 1 ? wanted : `${wanted}___${count}`
}

/** A name with what C does not allow in identifiers replaced: names of Rust types hold `::` and `<…>`. */
export function identifier(name: string): string {
  let text = ""
  for (const c of name) {
    const allowed = (c >= "a" && c <= "z") || (c >= "A" && c <= "Z") || c === "_" || (c >= "0" && c <= "9")
    text += allowed ? c : "_"
  }
  return text === "" || (text[0] >= "0" && text[0] <= "9") ? `_${text}` : text
}
