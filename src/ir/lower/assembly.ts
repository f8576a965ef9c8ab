import { SkepError } from "../../base/index.ts"
import { type AsmOperand, type AsmStmt, evaluate, type Type } from "../../c/index.ts"
import { assembleAsm } from "../asmText.ts"
import type { Asm, AsmOutput, AsmSymbol, Inst, Value } from "../ir.ts"
import { i32 } from "../values.ts"
import { loadPlace, storePlace } from "./access.ts"
import { addressConstant } from "./address.ts"
import { inMemory, tiedTo } from "./asm.ts"
import type { FunctionContext, Place } from "./context.ts"
import { convert } from "./convert.ts"
import { value } from "./expr.ts"
import { fail } from "./fail.ts"
import { place } from "./place.ts"
import { reprOf } from "./repr.ts"

/** What stands in the text for an operand: a register, a place in memory behind one, a constant known later, or text. */
type Operand =
  | { readonly kind: "register" | "memory" | "immediate"; readonly number: number }
  | { readonly kind: "text"; readonly text: string }

/**
 * `asm` with text: BPF instructions with operands.
 *
 *     asm volatile("%0 = *(u32 *)(%[p] + 4)" : "=r"(x) : [p] "r"(p))
 *     asm goto("if %[n] > 5 goto %l[big]" :: [n] "r"(n) :: big)
 */
export function assembly(cx: FunctionContext, s: AsmStmt): void {
  const { b } = cx
  const results = s.outputs.filter(o => !inMemory(o))
  const outputs: { type: AsmOutput["type"]; tied: number }[] = []
  const places: Place[] = []
  const args: Value[] = []
  const symbols: AsmSymbol[] = []
  const operands: Operand[] = []
  const pass = (v: Value): number => results.length + args.push(v) - 1
  for (const operand of s.outputs) {
    const to = place(cx, operand.expr)
    if (inMemory(operand)) {
      operands.push({ kind: "memory", number: pass(to.address) })
      continue
    }
    const type = registerType(to.type, operand)
    const tied = operand.constraint.includes("+") ? pass(loadPlace(cx, to, s.span) as Value) - results.length : -1
    operands.push({ kind: "register", number: outputs.push({ type, tied }) - 1 })
    places.push(to)
  }
  for (const operand of s.inputs) operands.push(input(operand))
  const text = expand(s, operands)
  const exits = s.labels.length
  const pointers = args.some(a => a.type === "ptr") || s.outputs.some(inMemory)
  const memory = s.clobbers.includes("memory") || pointers
  const named = symbolsOf(cx, s, text, exits, symbols)
  b.span = s.span
  const made = b.asm({ text, outputs, symbols: named, exits, memory, volatile: s.volatile, args }) as Asm & Inst
  const store = () => {
    places.forEach((to, i) => {
      storePlace(cx, to, b.asmout(made, i))
    })
  }
  s.labels.forEach((label, n) => {
    const leave = b.newBlock()
    const next = b.newBlock()
    b.br(n === 0 && exits === 1 ? made : b.cmp("eq", made, i32(n + 1)), leave, next)
    b.start(leave)
    store()
    b.jump(cx.label(label))
    b.start(next)
  })
  store()

  function input(operand: AsmOperand): Operand {
    const { constraint, expr } = operand
    if (inMemory(operand)) return { kind: "memory", number: pass(place(cx, expr).address) }
    const tied = results.findIndex(o => tiedTo(operand, s.outputs.indexOf(o), o))
    if (tied >= 0) {
      const to = results[tied].expr.type
      outputs[tied].tied = pass(convert(cx, value(cx, expr), expr.type, to, expr.span) as Value) - results.length
      return { kind: "register", number: tied }
    }
    const takesRegister = /[rwg]/.test(constraint)
    const known = /[a-qs-zA-Z]/.test(constraint) ? evaluate(expr) : undefined
    if (known !== undefined && (!takesRegister || (known >= -0x80000000n && known <= 0x7fffffffn)))
      return { kind: "text", text: String(known) }
    if (!takesRegister) {
      const helper =
        expr.kind === "cast" && expr.operand.kind === "ref" && expr.operand.decl.kind === "function"
          ? expr.operand.decl.helper
          : undefined
      if (helper !== undefined) return { kind: "text", text: String(helper) }
      const address = addressConstant(cx.module, expr)
      if (address !== undefined) {
        symbols.push({ name: address.name, kind: address.kind })
        return { kind: "text", text: address.addend === 0 ? address.name : `${address.name} + ${address.addend}` }
      }
      return { kind: "immediate", number: pass(value(cx, expr)) }
    }
    registerType(expr.type, operand)
    return { kind: "register", number: pass(value(cx, expr)) }
  }
}

function registerType(type: Type, { expr, constraint }: AsmOperand): AsmOutput["type"] {
  const repr = reprOf(type, expr.span)
  if (repr === "i32" || repr === "i64" || repr === "ptr") return repr
  return fail("IR_ASM", `an operand of constraint "${constraint}" does not fit a register`, expr.span, {
    hint: 'use the constraint "m" for what is in memory',
  })
}

/** The template with the names of its operands put in. */
function expand(s: AsmStmt, operands: readonly Operand[]): string {
  const all = [...s.outputs, ...s.inputs]
  // A `+` operand counts as an input, too.
  const count = all.length + s.outputs.filter(o => o.constraint.includes("+")).length
  return s.template.replace(/%(%|=|([a-z]?)(?:(\d+)|\[(\w+)\]))/g, (_, what: string, how: string, n, name) => {
    if (what === "%") return "%%"
    if (what === "=") return "0"
    if (how === "l") {
      const label = name === undefined ? Number(n) - count : s.labels.indexOf(name)
      if (!(label in s.labels)) fail("IR_ASM", `the asm has no label ${name ?? n}`, s.span)
      return `%l${label}`
    }
    const operand = operands[name === undefined ? Number(n) : all.findIndex(o => o.name === name)]
    if (operand === undefined) return fail("IR_ASM", `the asm has no operand ${name ?? n}`, s.span)
    switch (operand.kind) {
      case "text":
        return operand.text
      case "memory":
        return `(%${operand.number} + 0)`
      case "immediate":
        return `%i${operand.number}`
      case "register":
        return `%${how === "w" ? "w" : ""}${operand.number}`
    }
  })
}

/** What the names in the text stand for. Errors in the text are told here, with their place in the program. */
function symbolsOf(
  cx: FunctionContext,
  s: AsmStmt,
  text: string,
  exits: number,
  known: readonly AsmSymbol[],
): AsmSymbol[] {
  let names: ReturnType<typeof assembleAsm>["symbols"]
  try {
    names = assembleAsm({ text, exits }, () => 0n).symbols
  } catch (e) {
    if (!(e instanceof SkepError)) throw e
    return fail(
      "IR_ASM",
      `the assembler does not understand this: ${e.message.replace(/^<asm>:\d+:\d+: /, "")}`,
      s.span,
      {
        hint: "write BPF instructions as llvm-objdump shows them",
      },
    )
  }
  const found = new Map<string, AsmSymbol>()
  for (const { name, kind } of names.values()) {
    const symbol = known.find(k => k.name === name) ?? cx.module.named(name, kind === "call", s.span)
    if (symbol === undefined) fail("IR_ASM", `${name} in the asm is nothing that the program declares`, s.span)
    found.set(name, symbol!)
  }
  return [...found.values()]
}
