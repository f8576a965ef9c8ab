import * as c from "../../c/index.ts"
import * as b from "../ast/build.ts"
import { Rewriter } from "../ast/rewriter.ts"
import { eachExpr } from "../ast/walk.ts"
import type { KernelNames } from "../names/provider.ts"

/** Prototypes of what reads an argument of a USDT probe; `readArguments` puts the reader of the probe in their place. */
export const USDT_FUNCTIONS: Readonly<Record<string, string>> = {
  bpf_usdt_readarg: "int bpf_usdt_readarg(u64 n, void *ctx, void *to);",
  bpf_usdt_readarg_p: "int bpf_usdt_readarg_p(u64 n, void *ctx, void *to, u64 size);",
}

/**
 * Where an argument of a USDT probe lies is known from the binary only: whoever enables a probe for a function puts a reader for each argument in
 * front of the program, whose name has the function's and the argument's number in it.
 *
 *     bpf_usdt_readarg(1, ctx, &v)            →  _bpf_readarg_FUNCTION_1(ctx, &v, sizeof(v))
 *     bpf_usdt_readarg_p(2, ctx, buf, size)   →  ({ u64 _address = 0; _bpf_readarg_FUNCTION_2(ctx, &_address, 8);
 *                                                   bpf_probe_read_user(buf, size, (void *)_address); })
 */
export function readArguments(
  unit: c.TranslationUnit,
  diagnostics: c.Diagnostics,
  names: KernelNames,
): c.TranslationUnit {
  const functions = unit.decls.filter((d): d is c.FunctionDecl => d.kind === "function" && d.body !== undefined)
  if (!functions.some(usesReader)) return unit
  const readers = new Readers(functions, diagnostics, names)
  for (const fn of functions) readers.functions.set(fn, { ...fn })
  for (const fn of functions) readers.rewrite(fn)
  return { ...unit, decls: unit.decls.map(d => (d.kind === "function" ? (readers.functions.get(d) ?? d) : d)) }
}

function usesReader({ body }: c.FunctionDecl): boolean {
  let found = false
  if (body !== undefined) eachExpr(body, e => (found ||= e.kind === "call" && readerCall(e) !== undefined))
  return found
}

function readerCall(e: c.Call): string | undefined {
  const { builtin } = c.calledFunction(e.callee) ?? {}
  return builtin !== undefined && Object.hasOwn(USDT_FUNCTIONS, builtin) ? builtin : undefined
}

class Readers extends Rewriter {
  readonly #byName: ReadonlyMap<string, c.FunctionDecl>
  readonly #diagnostics: c.Diagnostics
  readonly #names: KernelNames
  #current = ""

  constructor(functions: readonly c.FunctionDecl[], diagnostics: c.Diagnostics, names: KernelNames) {
    super()
    this.#names = names
    this.#byName = new Map(functions.map(fn => [fn.name, fn]))
    this.#diagnostics = diagnostics
  }

  rewrite(fn: c.FunctionDecl): void {
    this.#current = fn.name
    const made = this.functions.get(fn) as { -readonly [K in keyof c.FunctionDecl]: c.FunctionDecl[K] }
    made.body = fn.body && (this.stmt(fn.body) as c.CompoundStmt)
  }

  override expr(e: c.Expr): c.Expr {
    const builtin = e.kind === "call" ? readerCall(e) : undefined
    return e.kind === "call" && builtin !== undefined ? this.#read(e, builtin) : this.children(e)
  }

  #read(e: c.Call, builtin: string): c.Expr {
    const [ctx, to, size] = this.list(e.args.slice(1))
    const number = c.evaluate(e.args[0])
    if (number === undefined) {
      this.#error(
        `${builtin}() needs the number of the argument as a constant`,
        e.args[0].span,
        "arguments count from 1",
      )
      return e
    }
    const name = `_bpf_readarg_${this.#current}_${number}`
    const reader = this.#byName.get(name)
    if (reader === undefined) {
      this.#error(
        `nothing tells where argument ${number} of the USDT probe of '${this.#current}' lies`,
        e.span,
        `it is read by ${name}(), which comes with the probe: enable a probe with that many arguments for this function`,
      )
      return e
    }
    const made = this.functions.get(reader) ?? reader
    if (size === undefined) return b.cast(b.call(made, [ctx, to, this.#sizeOfTarget(e.args[2])], e.span), e.type, true)
    return this.#readMemory(e, made, ctx, to, size)
  }

  /** The argument is an address in the traced process. */
  #readMemory({ span, type }: c.Call, reader: c.FunctionDecl, ctx: c.Expr, to: c.Expr, size: c.Expr): c.Expr {
    const address = b.variable("_address", c.ULLONG, span, b.int(0, c.ULLONG, span))
    const find = b.call(reader, [ctx, b.addressOf(b.ref(address, span), span), b.int(8, c.SIZE_T, span)], span)
    const from = b.cast(b.value(address, span), c.VOID_PTR)
    const read = b.call(this.#names.helper("bpf_probe_read_user"), [to, size, from], span)
    return b.stmtExpr([b.declStmt(address), b.exprStmt(find), b.exprStmt(b.cast(read, type, true))], span)
  }

  /** Bytes of what the pointer that is passed points to. */
  #sizeOfTarget(to: c.Expr): c.Expr {
    const type = c.canonical(b.stripCasts(to).type)
    const size = type.kind === "pointer" ? c.sizeOf(type.to) : undefined
    return b.int(size ?? 8, c.SIZE_T, to.span)
  }

  #error(message: string, span: c.Expr["span"], hint: string): void {
    this.#diagnostics.error("BCC_USDT_ARGUMENT", message, span, { hint })
  }
}
