import { SkepError } from "../base/index.ts"
import type { Btf } from "./btf.ts"
import { type Candidate, Candidates, type CoreTarget } from "./core/candidates.ts"
import { findSpec } from "./core/find.ts"
import { type CoreSpec, parseSpec } from "./core/spec.ts"
import { type CoreAnswer, coreValue } from "./core/value.ts"
import type { BtfCoreRelo } from "./ext.ts"
import type { BtfType } from "./types.ts"

export type { CoreTarget } from "./core/candidates.ts"
export type { CoreAnswer } from "./core/value.ts"

/** What a CO-RE relocation comes to in a kernel. */
export interface CoreResult {
  /** With the program's own types; undefined where they do not give a value. */
  readonly local: CoreAnswer | undefined
  /** With the kernel's; undefined when the kernel does not have what the program asks for. */
  readonly target: CoreAnswer | undefined
  /** False when a load or store of the field may not just change its width: it would read another value. */
  readonly adjustable: boolean
  /** What the relocation is about, for messages: `field next of struct list_head`. */
  readonly what: string
}

/**
 * CO-RE, compile once, run everywhere: finds what a program's relocations mean in the types of the kernel it is to run
 * in. The kernel's types of the same name (flavours left out) are candidates; the members, elements and enumerators
 * that the program names are looked for in each of them; whatever is found has to agree.
 *
 *     program   struct task_struct { int pid; }              field_byte_offset 0:0  →  0
 *     kernel    struct task_struct { …; pid_t pid; … }                              →  2464
 */
export class CoreMatcher {
  readonly #local: Btf
  readonly #candidates: Candidates
  readonly #known = new Map<string, CoreResult>()
  /** By local type: the kernel's types that had what was asked of it so far. */
  readonly #left = new Map<number, readonly Candidate[]>()

  /** `local`: the program's own types. */
  constructor(local: Btf, target: CoreTarget) {
    this.#local = local
    this.#candidates = new Candidates(target)
  }

  /**
   * @throws SkepError CORE_ACCESS for a relocation that does not fit its type, CORE_ANONYMOUS for a type without a
   * name, CORE_AMBIGUOUS when the kernel has several types of the name that give different values.
   */
  resolve(relocation: Omit<BtfCoreRelo, "insn">): CoreResult {
    const { type, access, kind } = relocation
    const key = `${type} ${access} ${kind}`
    let result = this.#known.get(key)
    if (result === undefined) {
      result = this.#resolve(relocation)
      this.#known.set(key, result)
    }
    return result
  }

  #resolve({ type: id, access, kind }: Omit<BtfCoreRelo, "insn">): CoreResult {
    const spec = parseSpec(this.#local, id, access, kind)
    const local = coreValue(kind, spec)
    const what = describe(spec)
    if (kind === "type_id_local") return { local, target: local, adjustable: true, what }
    const type = this.#local.type(id)
    if (type.name === "") {
      throw new SkepError({
        code: "CORE_ANONYMOUS",
        message: `a CO-RE relocation asks for ${what}, and a type without a name cannot be found in a kernel`,
        hint: "give the type its kernel's name",
      })
    }
    let found: { readonly spec: CoreSpec; readonly answer: CoreAnswer | undefined } | undefined
    // All that is asked of a type has to be in one and the same type of the kernel.
    const left: Candidate[] = []
    for (const candidate of this.#left.get(id) ?? this.#candidates.of(type.name, type.kind)) {
      const match = findSpec(spec, candidate.btf, candidate.id, kind)
      if (match === undefined) continue
      left.push(candidate)
      const answer = coreValue(kind, match)
      if (found === undefined) found = { spec: match, answer }
      else if (found.spec.bitOffset !== match.bitOffset || found.answer?.value !== answer?.value) {
        throw new SkepError({
          code: "CORE_AMBIGUOUS",
          message: `the kernel has several types named ${type.name}, and they differ about ${what}`,
          why: `one gives ${found.answer?.value}, another ${answer?.value}`,
          hint: "declare more of the type in the program, so that only one of them fits",
        })
      }
    }
    if (left.length > 0) this.#left.set(id, left)
    const target = found === undefined ? coreValue(kind, undefined) : found.answer
    return { local, target, what, adjustable: this.#adjustable(local, target, found?.spec.btf) }
  }

  /** Pointers of another width, and unsigned integers: what is read is extended with zeros. */
  #adjustable(local: CoreAnswer | undefined, target: CoreAnswer | undefined, btf: Btf | undefined): boolean {
    if (local === undefined || target === undefined || btf === undefined || local.size === target.size) return true
    const a = this.#local.type(local.type)
    const b = btf.type(target.type)
    return (a.kind === "ptr" && b.kind === "ptr") || (isUnsigned(a) && isUnsigned(b))
  }
}

const isUnsigned = (type: BtfType): boolean => type.kind === "int" && !type.signed

function describe({ btf, root, steps, enumerator }: CoreSpec): string {
  const type = btf.type(root)
  const name = `${type.kind === "typedef" ? "type" : type.kind} ${type.name || "without a name"}`
  if (enumerator !== undefined) {
    const found = btf.resolved(root)
    return "values" in found ? `value ${found.values[enumerator].name} of ${name}` : name
  }
  const path = steps.slice(1).map(step => (step.name === undefined ? `[${step.index}]` : `.${step.name}`))
  return path.length === 0 ? name : `field ${path.join("").replace(/^\./, "")} of ${name}`
}
