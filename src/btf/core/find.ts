import type { Btf } from "../btf.ts"
import type { CoreKind } from "../ext.ts"
import { sizeOf } from "../size.ts"
import { isRecord } from "../types.ts"
import { fieldsCompatible, type Pair, typesCompatible } from "./compat.ts"
import { typesMatch } from "./matches.ts"
import { essentialName } from "./names.ts"
import { type CoreSpec, type CoreStep, isEnum, isEnumKind, isFlexible, isTypeKind } from "./spec.ts"

/** Deepest nesting of anonymous members that is looked into. */
const MAX_NESTING = 64

/** Finds in a candidate what a program's spec names; undefined when it is not there. */
export function findSpec(local: CoreSpec, target: Btf, candidate: number, kind: CoreKind): CoreSpec | undefined {
  const pair: Pair = { local: local.btf, target }
  if (isTypeKind(kind)) {
    const same = kind === "type_matches" ? typesMatch : typesCompatible
    if (!same(pair, local.root, candidate)) return undefined
    return { btf: target, root: candidate, steps: [], bitOffset: 0 }
  }
  if (isEnumKind(kind)) return findEnumerator(local, target, candidate)
  return new FieldSearch(pair, candidate).run(local.steps)
}

function findEnumerator(local: CoreSpec, target: Btf, candidate: number): CoreSpec | undefined {
  const own = local.btf.resolved(local.root)
  const type = target.resolved(candidate)
  if (!isEnum(own) || !isEnum(type)) return undefined
  const name = essentialName(own.values[local.enumerator as number].name)
  const there: readonly { readonly name: string }[] = type.values
  const enumerator = there.findIndex(value => essentialName(value.name) === name)
  if (enumerator < 0) return undefined
  return { btf: target, root: candidate, steps: [], bitOffset: 0, enumerator }
}

/** Walks the steps of a program through the types of the kernel. */
class FieldSearch {
  readonly #pair: Pair
  readonly #target: Btf
  readonly #root: number
  readonly #steps: CoreStep[] = []
  #bitOffset = 0
  /** Where the walk is. */
  #type: number

  constructor(pair: Pair, candidate: number) {
    this.#pair = pair
    this.#target = pair.target
    this.#root = candidate
    this.#type = candidate
  }

  run(steps: readonly CoreStep[]): CoreSpec | undefined {
    for (const [i, step] of steps.entries()) {
      const found = step.name === undefined ? this.#element(step, i === 0) : this.#member(step, this.#type, 0)
      if (!found) return undefined
    }
    return { btf: this.#target, root: this.#root, steps: this.#steps, bitOffset: this.#bitOffset }
  }

  #element({ index }: CoreStep, first: boolean): boolean {
    let id = this.#target.resolve(this.#type)
    if (!first) {
      const array = this.#target.type(id)
      if (array.kind !== "array") return false
      if (index >= array.count && !isFlexible(this.#target, this.#steps[this.#steps.length - 1], array.count)) {
        return false
      }
      id = this.#target.resolve(array.type)
    }
    this.#steps.push({ type: id, index })
    this.#bitOffset += index * sizeOf(this.#target, id) * 8
    this.#type = id
    return true
  }

  /** The member of the step's name, also inside anonymous members; it has to be of a compatible type. */
  #member(step: CoreStep, id: number, depth: number): boolean {
    const type = this.#target.resolve(id)
    const record = this.#target.type(type)
    if (!isRecord(record) || depth > MAX_NESTING) return false
    for (const [index, { name, type: memberType, bitOffset }] of record.members.entries()) {
      if (name === "") {
        this.#bitOffset += bitOffset
        if (this.#member(step, memberType, depth + 1)) return true
        this.#bitOffset -= bitOffset
      } else if (name === step.name) {
        if (!fieldsCompatible(this.#pair, this.#memberType(step), memberType)) return false
        this.#steps.push({ type, index, name })
        this.#bitOffset += bitOffset
        this.#type = memberType
        return true
      }
    }
    return false
  }

  #memberType(step: CoreStep): number {
    const record = this.#pair.local.type(step.type)
    return isRecord(record) ? record.members[step.index].type : 0
  }
}
