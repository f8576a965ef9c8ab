import type { Btf } from "../btf.ts"
import type { BtfKind } from "../format.ts"
import { essentialName } from "./names.ts"

/** A type of the kernel that may be the one a program means. */
export interface Candidate {
  readonly btf: Btf
  readonly id: number
}

/** The types of a running kernel. */
export interface CoreTarget {
  readonly btf: Btf
  /** Types of its modules, each continuing `btf`: asked for only when `btf` does not have a name. */
  readonly modules?: () => Iterable<Btf>
}

/**
 * Types of a kernel by the names that programs give them, flavours left out on both sides. Only names that are asked
 * for are looked up, each once.
 */
export class Candidates {
  readonly #target: CoreTarget
  readonly #known = new Map<string, readonly Candidate[]>()

  constructor(target: CoreTarget) {
    this.#target = target
  }

  /** All types of a name and kind; an `enum` is found as an `enum64`, too. */
  of(name: string, kind: BtfKind): readonly Candidate[] {
    const essential = essentialName(name)
    const key = `${kind === "enum64" ? "enum" : kind} ${essential}`
    let found = this.#known.get(key)
    if (found === undefined) {
      const kinds: readonly BtfKind[] = kind === "enum" || kind === "enum64" ? ["enum", "enum64"] : [kind]
      found = this.#find(essential, kinds)
      this.#known.set(key, found)
    }
    return found
  }

  #find(name: string, kinds: readonly BtfKind[]): Candidate[] {
    const { btf, modules } = this.#target
    const found = ownTypes(btf, name, kinds)
    if (found.length > 0 || modules === undefined) return found
    return [...modules()].flatMap(module => ownTypes(module, name, kinds))
  }
}

const flavours = new WeakMap<Btf, ReadonlyMap<string, readonly string[]>>()

/** Names with a flavour by the names without: a kernel has few, and they are found in one pass. */
function flavoured(btf: Btf): ReadonlyMap<string, readonly string[]> {
  let known = flavours.get(btf)
  if (known === undefined) {
    const found = new Map<string, string[]>()
    for (const name of btf.namesWith("___")) {
      const essential = essentialName(name)
      if (essential !== name) found.set(essential, [...(found.get(essential) ?? []), name])
    }
    flavours.set(btf, (known = found))
  }
  return known
}

/** Types of a BTF without those of its base. */
function ownTypes(btf: Btf, name: string, kinds: readonly BtfKind[]): Candidate[] {
  const names = [name, ...(flavoured(btf).get(name) ?? [])]
  const ids = names.flatMap(other => btf.findAll(other, ...kinds)).filter(id => id >= btf.firstId)
  return [...new Set(ids)].sort((a, b) => a - b).map(id => ({ btf, id }))
}
