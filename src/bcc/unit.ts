import type { Span } from "../base/index.ts"
import type { FunctionDecl, TranslationUnit, Type, VarDecl } from "../c/index.ts"
import type { AttachSpec, LoadSpec, ProgramType } from "../object/index.ts"

/**
 * A program ready to be lowered: plain C in which nothing of a dialect is left but `MapRef` and `KernelRead` nodes, and beside it what the
 * dialect declared.
 */
export interface BpfUnit {
  readonly unit: TranslationUnit
  readonly maps: readonly MapDecl[]
  readonly programs: readonly ProgramDecl[]
  /** Functions that other objects can call. Those that are not hidden are verified by themselves, and can be replaced. */
  readonly subprograms: readonly FunctionDecl[]
  /** What the program takes from the kernel when it is loaded. */
  readonly externs: readonly ExternDecl[]
  readonly structOps: readonly StructOpsDecl[]
  readonly license: string
  /** What is declared and not defined may come from another object that this one is linked with. */
  readonly linkable?: boolean
  /** Maps that another object defines. */
  readonly externMaps?: readonly VarDecl[]
}

/** A variable or function that the kernel defines. */
export interface ExternDecl {
  readonly decl: VarDecl | FunctionDecl
  /** `kconfig`: an option of the kernel's build; `ksym`: the address of a variable; `kfunc`: a function called by BTF id. */
  readonly kind: "kconfig" | "ksym" | "kfunc"
  /** Zero where the kernel has none; otherwise the program is refused. */
  readonly weak: boolean
}

/** A table of functions for the kernel to call: a variable in section `.struct_ops` (or `.struct_ops.link`). */
export interface StructOpsDecl {
  readonly decl: VarDecl
  readonly section: string
  /** Members that are programs: their names and the functions. */
  readonly members: readonly { readonly member: string; readonly program: string }[]
}

export interface MapDecl {
  readonly name: string
  /** As in `MapSpec`. */
  readonly type: string
  /** Undefined where the map has no key or no value of a C type (ring buffer, queue). */
  readonly key: Type | undefined
  readonly value: Type | undefined
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly flags: number
  readonly inner?: string
  /** Inner map written inside this one's definition. */
  readonly innerDecl?: MapDecl
  /** What its slots hold from the start: other maps, or programs. */
  readonly values?: readonly { readonly index: number; readonly map?: string; readonly program?: string }[]
  readonly mapExtra?: bigint
  readonly numaNode?: number
  /** Pinned under its own name in the loader's folder. */
  readonly pinByName?: boolean
  readonly pin?: string
  /** Seen by other programs of the process: by all (`public`), or by those of the same name space (`shared`). */
  readonly share?: "public" | "shared"
  /** Type of the records submitted, for event streams. */
  readonly event?: Type
  /** Set for the counters of events that did not fit: the ring buffers that its elements count for. */
  readonly drops?: readonly string[]
  /** The table's C object: not a global variable of the program. */
  readonly decl: VarDecl | undefined
  readonly span: Span
}

export interface ProgramDecl {
  readonly decl: FunctionDecl
  readonly section: string
  readonly type?: ProgramType
  readonly attach?: AttachSpec
  readonly load?: LoadSpec
}
