import type { Span } from "../base/index.ts"
import type { FunctionDecl, TranslationUnit, Type, VarDecl } from "../c/index.ts"
import type { AttachSpec, ProgramType } from "../object/index.ts"

/**
 * A program ready to be lowered: plain C in which nothing of a dialect is left but `MapRef` and `KernelRead` nodes, and beside it what the
 * dialect declared.
 */
export interface BpfUnit {
  readonly unit: TranslationUnit
  readonly maps: readonly MapDecl[]
  readonly programs: readonly ProgramDecl[]
  readonly license: string
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
  readonly pin?: string
  /** Seen by other programs of the process: by all (`public`), or by those of the same name space (`shared`). */
  readonly share?: "public" | "shared"
  /** Type of the records submitted, for event streams. */
  readonly event?: Type
  /** The table's C object: not a global variable of the program. */
  readonly decl: VarDecl | undefined
  readonly span: Span
}

export interface ProgramDecl {
  readonly decl: FunctionDecl
  readonly section: string
  readonly type?: ProgramType
  readonly attach?: AttachSpec
}
