import type { Btf } from "./btf.ts"
import { BtfBuilder } from "./builder.ts"
import { references, withReferences } from "./references.ts"
import { type BtfType, isRecord } from "./types.ts"

/** One BTF to be merged. */
export interface MergeInput {
  readonly btf: Btf
  /** Ids of the types that are kept, with all that they are made of. */
  readonly roots: Iterable<number>
  /** Ids that stand for a type of another input: declarations, for what they declare. */
  readonly replaced?: ReadonlyMap<number, TypePlace>
}

/** A type of one of the inputs. */
export interface TypePlace {
  readonly input: number
  readonly id: number
}

export interface Merged {
  /** Holds the merged types: more can be added to it. */
  readonly builder: BtfBuilder
  /** The new id of an input's type; 0 for void and for what no root leads to. */
  id(input: number, id: number): number
}

/** A type of all the inputs together. */
interface Node {
  readonly input: number
  readonly id: number
  readonly type: BtfType
  /** Nodes that the type is made of; −1 for void. */
  parts: readonly number[]
}

/**
 * Puts types of several BTFs together, each kind of type once. Types are the same when they look the same to any depth:
 * all are first grouped by what they say themselves, and groups are split as long as members of one refer to different
 * groups. That settles records that point to each other, too.
 *
 *     a: struct list { struct list *next; }     b: struct list { struct list *next; }     one struct, one pointer
 *
 * A forward declaration is the struct of that name, where all inputs agree about it. Functions, variables and sections
 * stay what they are; what is extern is merged by name.
 */
export function mergeBtf(inputs: readonly MergeInput[]): Merged {
  const merger = new Merger(inputs)
  for (const [i, { roots }] of inputs.entries()) for (const id of roots) merger.reach(i, id)
  return merger.merge()
}

class Merger {
  readonly #inputs: readonly MergeInput[]
  readonly #nodes: Node[] = []
  readonly #numbers: readonly Map<number, number>[]
  readonly #roots: number[] = []

  constructor(inputs: readonly MergeInput[]) {
    this.#inputs = inputs
    this.#numbers = inputs.map(() => new Map())
  }

  /** Makes a type one of those that are kept. */
  reach(input: number, id: number): void {
    this.#roots.push(this.#add(input, id))
  }

  #add(input: number, id: number): number {
    if (id === 0) return -1
    const replaced = this.#inputs[input].replaced?.get(id)
    if (replaced !== undefined) return this.#add(replaced.input, replaced.id)
    const known = this.#numbers[input].get(id)
    if (known !== undefined) return known
    const number = this.#nodes.push({ input, id, type: this.#inputs[input].btf.type(id), parts: [] }) - 1
    this.#numbers[input].set(id, number)
    return number
  }

  merge(): Merged {
    this.#expand()
    this.#completeForwards()
    const classes = this.#classes()
    const builder = new BtfBuilder()
    const ids = new Map<number, number>()
    const first: Node[] = []
    const needed = this.#needed()
    for (const [i, node] of this.#nodes.entries()) {
      if (ids.has(classes[i]) || !needed.has(i)) continue
      ids.set(classes[i], builder.reserve())
      first.push(node)
    }
    for (const [i, node] of first.entries()) {
      let part = 0
      const next = (): number => this.#idOf(node.parts[part++], classes, ids)
      builder.define(i + 1, withReferences(node.type as Exclude<BtfType, { kind: "void" }>, next))
    }
    return {
      builder,
      id: (input, id) => {
        const replaced = this.#inputs[input].replaced?.get(id)
        const number =
          replaced === undefined ? this.#numbers[input].get(id) : this.#numbers[replaced.input].get(replaced.id)
        return number === undefined ? 0 : this.#idOf(number, classes, ids)
      },
    }
  }

  #idOf(number: number, classes: readonly number[], ids: ReadonlyMap<number, number>): number {
    return number < 0 ? 0 : (ids.get(classes[number]) ?? 0)
  }

  /** The nodes that the roots lead to. */
  #needed(): ReadonlySet<number> {
    const needed = new Set<number>(this.#roots)
    for (const i of needed) for (const part of this.#nodes[i]?.parts ?? []) needed.add(part)
    return needed
  }

  /** Gives every node the nodes that it is made of. */
  #expand(): void {
    for (let i = 0; i < this.#nodes.length; i++) {
      const node = this.#nodes[i]
      node.parts = references(node.type).map(part => this.#add(node.input, part))
    }
  }

  /** Puts a struct in the place of its forward declarations. */
  #completeForwards(): void {
    const shapes = new Map<string, { shapes: Set<string>; node: number }>()
    for (const [i, { type }] of this.#nodes.entries()) {
      if (!isRecord(type) || type.name === "") continue
      const key = `${type.kind} ${type.name}`
      const known = shapes.get(key)
      if (known === undefined) shapes.set(key, { shapes: new Set([shapeOf(type)]), node: i })
      else known.shapes.add(shapeOf(type))
    }
    const complete = (number: number): number => {
      const type = number < 0 ? undefined : this.#nodes[number].type
      if (type?.kind !== "fwd") return number
      const found = shapes.get(`${type.union ? "union" : "struct"} ${type.name}`)
      return found?.shapes.size === 1 ? found.node : number
    }
    for (const node of this.#nodes) node.parts = node.parts.map(complete)
  }

  /** The group of each node, once no group can be split. */
  #classes(): readonly number[] {
    const first = new Map<string, number>()
    const number = (keys: Map<string, number>, key: string): number => {
      const known = keys.get(key)
      if (known !== undefined) return known
      keys.set(key, keys.size)
      return keys.size - 1
    }
    let classes = this.#nodes.map((node, i) => number(first, keyOf(node, i)))
    for (let count = first.size, before = -1; count !== before; ) {
      before = count
      const keys = new Map<string, number>()
      const last = classes
      classes = this.#nodes.map(({ parts }, i) =>
        number(keys, `${last[i]}:${parts.map(part => (part < 0 ? -1 : last[part])).join()}`),
      )
      count = keys.size
    }
    return classes
  }
}

/** What a type says without what it is made of. */
function shapeOf(type: BtfType): string {
  return JSON.stringify(type, (key, value) =>
    key === "type" || key === "indexType" ? undefined : typeof value === "bigint" ? `${value}n` : value,
  )
}

/** Declarations of the program's own are no other's. */
function keyOf({ type }: Node, i: number): string {
  const own =
    type.kind === "datasec" ||
    type.kind === "decl_tag" ||
    ((type.kind === "func" || type.kind === "var") && type.linkage !== "extern")
  return own ? `${i} ${type.kind}` : shapeOf(type)
}
