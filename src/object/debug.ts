/** What debug information says of an object's functions beyond BTF: plain data, made by code generation and written as DWARF. */
export interface ObjectDebug {
  /** The object's BTF, and behind it the types of local variables. */
  readonly btf: Uint8Array
  /** Files that declarations are in. */
  readonly files: readonly string[]
}

/** Where something is declared or called. */
export interface SourcePlace {
  /** Index into {@link ObjectDebug.files}. */
  readonly file: number
  /** Both from 1. */
  readonly line: number
  readonly column: number
}

export interface FunctionDebug {
  readonly place: SourcePlace
  readonly scope: DebugScope
}

/** A function, one that was inlined, or a block. */
export interface DebugScope {
  /** Its instructions. */
  readonly ranges: readonly InsnRange[]
  readonly variables: readonly DebugVariable[]
  readonly scopes: readonly DebugScope[]
  /** Set where it is the body of another function. */
  readonly inlined?: { readonly name: string; readonly place: SourcePlace; readonly call: SourcePlace }
}

/** Indices into `insns`, not slots; `to` is behind the last. */
export interface InsnRange {
  readonly from: number
  readonly to: number
}

export interface DebugVariable {
  readonly name: string
  /** BTF id in {@link ObjectDebug.btf}. */
  readonly type: number
  readonly place: SourcePlace
  /** Position among the function's parameters. */
  readonly param?: number
  readonly parts: readonly DebugPart[]
}

/** Bytes of a variable; without an offset, all of them. */
export interface DebugPart {
  readonly offset?: number
  readonly size?: number
  readonly locations: readonly VariableLocation[]
}

export interface VariableLocation extends InsnRange {
  /** A register, bytes from r10, or the value itself. */
  readonly at: { readonly register: number } | { readonly frame: number } | { readonly constant: bigint }
}
