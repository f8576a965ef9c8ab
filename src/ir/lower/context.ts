import type { Span } from "../../base/index.ts"
import type { CaseStmt, DefaultStmt, Field, FunctionDecl, Type, VarDecl } from "../../c/index.ts"
import { FunctionBuilder } from "../builder.ts"
import type { LexicalScope } from "../debug.ts"
import type { AsmSymbol, Block, IrFunction, Value } from "../ir.ts"
import type { GlobalTable } from "./globals.ts"
import { placedAlign, roomFor, sizeFor } from "./repr.ts"

/** What an lvalue designates. */
export interface Place {
  readonly address: Value
  readonly type: Type
  /** Alignment that the address is known to have. */
  readonly align: number
  readonly volatile: boolean
  /** Reads and writes are ordered with those of other processors: acquire and release. */
  readonly ordered?: boolean
  /** Address space that the address is of, where it is not the kernel's own (0). */
  readonly space?: number
  /** For a bit-field: `address` is that of the record. */
  readonly bitField?: Field
}

/** A variable or function of the kernel. */
export interface KernelSymbol {
  readonly kind: "kconfig" | "ksym" | "kfunc"
  /** Null where the kernel has none. */
  readonly weak: boolean
  /** BTF id of the declaration; 0 for a variable of no type. */
  readonly btfType: number
}

/** State of the whole module while it is lowered. */
export interface ModuleContext {
  readonly globals: GlobalTable
  /** Whether variables are to be known in the end. */
  readonly debug: boolean
  /** BTF id of a type. */
  objectType(type: Type): number
  /** BTF id of a type whose members the loader looks at (the root of a CO-RE relocation). */
  typeId(type: Type): number
  /** What a function is now, where passes over the AST have made it anew. */
  definition(decl: FunctionDecl): FunctionDecl
  /** Notes a variable or function that another object has to define; false where this one has to. */
  link(decl: VarDecl | FunctionDecl): boolean
  /** Whether code of other compilers may call a function, or be called by its name. */
  isShared(decl: FunctionDecl): boolean
  /** How the kernel gives a variable or function that the program only declares; undefined for one of its own. */
  extern(decl: VarDecl | FunctionDecl): KernelSymbol | undefined
  /** What a name in assembler text stands for; `called` for the target of a call. */
  named(name: string, called: boolean, span: Span): AsmSymbol | undefined
  /** Makes sure that a function gets lowered and returns its name; `callback` when its address is taken. */
  use(decl: FunctionDecl, how: "call" | "callback", span: Span): string
}

/** Where `break`, `continue` and `case` lead; each is undefined outside of its statement. */
export interface Jumps {
  readonly breakTo: Block | undefined
  readonly continueTo: Block | undefined
  readonly cases: ReadonlyMap<CaseStmt | DefaultStmt, Block> | undefined
  /** How many of the cleanups in force `break` and `continue` keep. */
  readonly breakKeeps: number
  readonly continueKeeps: number
}

/** State of the function being lowered. */
export class FunctionContext {
  readonly module: ModuleContext
  readonly decl: FunctionDecl
  readonly b: FunctionBuilder
  readonly locals = new Map<VarDecl, Place>()
  /** Where a result that does not fit in a register goes. */
  readonly result: Value | undefined
  jumps: Jumps = { breakTo: undefined, continueTo: undefined, cases: undefined, breakKeeps: 0, continueKeeps: 0 }
  /** Variables in scope that have a cleanup function, the last declared one last. */
  readonly cleanups: VarDecl[] = []
  /** The same at each label, where a goto has asked for it. */
  labelScopes: ReadonlyMap<string, readonly VarDecl[]> | undefined
  /** The innermost block that is being lowered. */
  #scope: LexicalScope
  readonly #labels = new Map<string, Block>()

  constructor(module: ModuleContext, decl: FunctionDecl, func: IrFunction, result: Value | undefined) {
    this.module = module
    this.decl = decl
    this.b = new FunctionBuilder(func)
    this.result = result
    this.#scope = { span: decl.span, parent: undefined }
    if (module.debug) func.debug = { constants: [] }
  }

  /** Runs `body`, which lowers what stands in a block of its own. */
  withScope(span: Span, body: () => void): void {
    const outer = this.#scope
    this.#scope = { span, parent: outer }
    body()
    this.#scope = outer
  }

  /** Tells debug information which variable an object is. */
  declare(decl: VarDecl, { address, type }: Place, param?: number): void {
    if (!this.module.debug || address.kind !== "inst" || address.op !== "alloca") return
    // Those of skep's own headers, and those that its rewriting made.
    if (decl.span.file.system || decl.name.startsWith("__skep_")) return
    const typeId = (): number => this.module.objectType(type)
    const size = sizeFor(type, decl.span)
    const variable = { name: decl.name, span: decl.span, size, scope: this.#scope, param, typeId }
    address.variable = { variable, inlined: undefined, offset: 0, size, stores: 0 }
  }

  /** Stack memory for an object that the compiler needs, or for a variable. */
  temporary(type: Type, name: string, span: Span, align = 1): Place {
    const size = sizeFor(type, span)
    const aligned = Math.max(align, placedAlign(type, size))
    const address = this.b.alloca(roomFor(size, aligned), aligned, name)
    return { address, type, align: aligned, volatile: false }
  }

  /** The block of a label of goto, which may come later. */
  label(name: string): Block {
    let block = this.#labels.get(name)
    if (block === undefined) this.#labels.set(name, (block = this.b.newBlock()))
    return block
  }

  /** Runs `body` with other jump targets. */
  withJumps(jumps: Partial<Jumps>, body: () => void): void {
    const saved = this.jumps
    const keeps = this.cleanups.length
    this.jumps = {
      ...saved,
      ...jumps,
      ...(jumps.breakTo && { breakKeeps: keeps }),
      ...(jumps.continueTo && { continueKeeps: keeps }),
    }
    body()
    this.jumps = saved
  }
}
