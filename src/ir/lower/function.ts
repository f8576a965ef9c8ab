import type { FunctionDecl } from "../../c/index.ts"
import { newFunction } from "../builder.ts"
import { removeUnreachable } from "../edit.ts"
import type { IrFunction, IrType } from "../ir.ts"
import type { ValueType } from "../values.ts"
import { storePlace } from "./access.ts"
import { asm } from "./asm.ts"
import { FunctionContext, type ModuleContext } from "./context.ts"
import { fail } from "./fail.ts"
import { isVolatile, type Repr, reprOf } from "./repr.ts"
import { fallOff, statement } from "./stmt.ts"
import { placeOfWords, wordsOf } from "./words.ts"

/** A function that is about to be lowered. */
export interface FunctionPlan {
  readonly decl: FunctionDecl
  readonly role: IrFunction["role"]
}

/** True for what is passed and returned through memory of the caller. */
function inMemory(repr: Repr): boolean {
  return repr === "memory" || repr === "wide"
}

/**
 * Lowers a function with a body. Locals and parameters live in allocas; later passes take them apart. A result that fits in no register is
 * written through a pointer that is passed first; a parameter that fits in none is a pointer to a copy that the caller made, or comes in two
 * where other compilers may make the calls.
 */
export function lowerFunction(module: ModuleContext, plan: FunctionPlan): IrFunction {
  const { decl, role } = plan
  const { name } = decl
  const ret = reprOf(decl.type.ret, decl.span)
  const byKernel = role === "program" || role === "callback"
  if (byKernel && inMemory(ret)) {
    fail("IR_PROGRAM_RESULT", `${name} cannot return more than 8 bytes: it is called by the kernel`, decl.span)
  }
  const params: { type: ValueType; name: string }[] = []
  if (inMemory(ret)) params.push({ type: "ptr", name: "result" })
  for (const param of decl.params) {
    const repr = reprOf(param.type, param.span)
    // A global subprogram of which the verifier knows no such parameter may still be there for its types.
    if (byKernel && inMemory(repr)) {
      fail(
        "IR_PROGRAM_PARAMETER",
        `${name} cannot take ${param.name} by value: the kernel passes at most 8 bytes`,
        param.span,
        {
          hint: "take a pointer",
        },
      )
    }
    const words = inMemory(repr) && module.isShared(decl) ? wordsOf(param.type, param.span) : undefined
    if (words === undefined) {
      params.push({ type: inMemory(repr) || repr === "void" ? "ptr" : (repr as ValueType), name: param.name })
    } else {
      for (let i = 0; i < words; i++) params.push({ type: "i64", name: i === 0 ? param.name : `${param.name}.${i}` })
    }
  }
  const irRet: IrType = ret === "memory" || ret === "wide" ? "void" : ret
  const func = newFunction({ name, params, ret: irRet, span: decl.span, role, inline: inlining(decl, params.length) })
  const has = (name: string) => decl.attrs.some(a => a.name === name)
  if (has("weak")) func.weak = true
  if (isHidden(decl)) func.hidden = true
  const cx = new FunctionContext(module, decl, func, inMemory(ret) ? func.params[0] : undefined)
  if (has("naked")) {
    nakedBody(cx, decl)
    return func
  }
  bindParameters(cx, decl)
  statement(cx, decl.body!)
  cx.b.span = { ...decl.body!.span, start: Math.max(decl.body!.span.end - 1, decl.body!.span.start) }
  fallOff(cx)
  removeUnreachable(func)
  return func
}

/** True for a function that only the objects that are linked together see. */
export function isHidden(decl: FunctionDecl): boolean {
  return decl.attrs.some(a => a.name === "visibility" && (a.args[0] === "hidden" || a.args[0] === "internal"))
}

/** Assembler text alone: it finds its arguments in registers and leaves by itself. */
function nakedBody(cx: FunctionContext, decl: FunctionDecl): void {
  cx.b.func.naked = true
  cx.b.func.inline = "never"
  for (const s of decl.body!.body) {
    if (s.kind === "asm") asm(cx, s)
    else if (s.kind !== "null") fail("IR_ASM", "a naked function holds assembler text only", s.span)
  }
  const fixed = cx.b.func.blocks.every(block => block.insts.every(i => i.op === "asm" && i.args.length === 0))
  if (!fixed) fail("IR_ASM", "the assembler text of a naked function takes constants only", decl.span)
  cx.b.unreachable()
}

function bindParameters(cx: FunctionContext, decl: FunctionDecl): void {
  const { b } = cx
  const shared = cx.module.isShared(decl)
  let next = cx.result === undefined ? 0 : 1
  for (const [i, param] of decl.params.entries()) {
    b.span = param.span
    const aggregate = inMemory(reprOf(param.type, param.span))
    const words = aggregate && shared ? wordsOf(param.type, param.span) : undefined
    if (words !== undefined) {
      const place = placeOfWords(cx, param.type, param.name, param.span, b.func.params.slice(next, next + words))
      cx.declare(param, place, i)
      cx.locals.set(param, { ...place, volatile: isVolatile(param.type) })
      next += words
      continue
    }
    const value = b.func.params[next++]
    if (aggregate) {
      cx.locals.set(param, { address: value, type: param.type, align: 8, volatile: isVolatile(param.type) })
      continue
    }
    const place = { ...cx.temporary(param.type, param.name, param.span), volatile: isVolatile(param.type) }
    cx.locals.set(param, place)
    cx.declare(param, place, i)
    storePlace(cx, place, value)
  }
}

/** What is asked of a function; one with more parameters than a call has registers can only be put in the place of its calls. */
function inlining(decl: FunctionDecl, registers: number): IrFunction["inline"] {
  if (registers > 5) return "always"
  // A weak function may not be the one that is called in the end.
  if (decl.attrs.some(a => a.name === "noinline" || a.name === "weak")) return "never"
  return decl.attrs.some(a => a.name === "always_inline") ? "always" : "auto"
}
