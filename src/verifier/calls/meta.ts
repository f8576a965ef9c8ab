import type { Prototype } from "../helpers/index.ts"
import type { VerifierMap } from "../input.ts"
import type { Reg } from "../reg.ts"
import type { KptrField } from "../resources/kptr.ts"

/** What the arguments of a call say together. */
export class CallMeta {
  readonly id: number
  /** `bpf_map_lookup_elem`. */
  readonly name: string
  readonly prototype: Prototype
  map: VerifierMap | undefined
  mapUid = 0
  /** The key where it is a constant. */
  constantKey: number | undefined
  /** Memory on the stack that the call fills: register and bytes. */
  filled: { readonly register: number; readonly size: number } | undefined
  /** Greatest size that was given. */
  maxSize = 0n
  /** Size of the memory that comes back. */
  resultSize = 0
  /** Reference of the one argument that has one. */
  refId = 0
  /** The register whose reference is given back; 0 for none. */
  released = 0
  /** The function of the program that was passed. */
  callback = 0
  /** A dynptr's id, for what is sliced from it, and its kind. */
  dynptrId = 0
  dynptrType = ""
  /** The pointer field that is exchanged. */
  kptr: KptrField | undefined
  /** What the per-CPU pointer is to. */
  percpu: Reg | undefined
  /** What helpers that give a kernel structure give, where their prototype does not say. */
  result: Reg | undefined

  constructor(id: number, name: string, prototype: Prototype) {
    this.id = id
    this.name = name
    this.prototype = prototype
  }

  /** Name and number as the log has them. */
  get label(): string {
    return `${this.name}#${this.id}`
  }
}
