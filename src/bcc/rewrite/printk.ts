import * as c from "../../c/index.ts"
import * as b from "../ast/build.ts"
import type { Env } from "./env.ts"

/** Arguments that bpf_trace_printk takes besides the format. */
const MAX_ARGS = 3

/**
 * `bpf_trace_printk("format", …)`: the format must lie on the stack, and the helper wants its size.
 *
 *     ({ char _fmt[] = "format"; bpf_trace_printk(_fmt, sizeof(_fmt), …); })
 *
 * More than three arguments go through bpf_trace_vprintk (Linux 5.16), as an array. A format that is no literal is passed to the helper as the
 * program wrote it, with its size as second argument.
 */
export function rewritePrintk(env: Env, e: c.Call, args: readonly c.Expr[]): c.Expr {
  const { span } = e
  const format = b.stripCasts(e.args[0])
  const literal = format.kind === "cast" && format.cast === "decay" ? format.operand : format
  const helper = env.names.helper("bpf_trace_printk")
  if (literal.kind !== "string") {
    if (args.length < 2) {
      env.diagnostics.error(
        "BCC_PRINTK_FORMAT",
        "the format of bpf_trace_printk() must be a string literal",
        e.args[0].span,
        {
          hint: "for a format in a variable, pass its size as the second argument",
        },
      )
      return e
    }
    return b.cast(b.call(helper, args, span), e.type, true)
  }
  checkFormat(env, literal, e.args.slice(1))
  const fmt: c.VarDecl = { ...b.variable("_fmt", literal.type, span), init: { kind: "expr", expr: literal } }
  const passed = [b.load(b.ref(fmt, span)), b.sizeOf(b.ref(fmt, span), span)]
  const values = args.slice(1)
  if (values.length <= MAX_ARGS) {
    const call = b.cast(b.call(helper, [...passed, ...values], span), e.type, true)
    return b.stmtExpr([b.declStmt(fmt), b.exprStmt(call)], span)
  }
  const name = "bpf_trace_vprintk"
  if (!(env.target.hasHelper?.(name) ?? true)) {
    env.diagnostics.error(
      "BCC_PRINTK_ARGS",
      `bpf_trace_printk() takes at most ${MAX_ARGS} values on this kernel; ${values.length} given`,
      span,
      {
        hint: "print in several calls, or send the values to user space with BPF_PERF_OUTPUT; Linux 5.16 takes more",
      },
    )
    return e
  }
  const array = c.arrayOf(c.ULLONG, values.length)
  const entries = values.map(
    (v, index): c.InitEntry => ({
      index,
      init: { kind: "expr", expr: b.cast(v, c.ULLONG, c.integerOf(v.type) !== undefined) },
    }),
  )
  const list: c.VarDecl = { ...b.variable("_args", array, span), init: { kind: "list", type: array, span, entries } }
  const all = [...passed, b.load(b.ref(list, span)), b.sizeOf(b.ref(list, span), span)]
  const call = b.cast(b.call(env.names.helper(name), all, span), e.type, true)
  return b.stmtExpr([b.declStmt(fmt), b.declStmt(list), b.exprStmt(call)], span)
}

/** A conversion of the kernel's format: flags and width, length, letter; `%p` may have letters behind it. */
const CONVERSION = /%(?:%|([-+ 0]*[1-9]?[0-9]*)(hh|h|ll|l|z|t|j|L)?(p[A-Za-z0-9]*|.)?)/gs

/** Warns about what the kernel's printf would refuse: it fails at run time then, and prints nothing. */
function checkFormat(env: Env, literal: c.StringLit, args: readonly c.Expr[]): void {
  const text = new TextDecoder().decode(literal.bytes.subarray(0, -1))
  let next = 0
  const warn = (message: string, span = literal.span, hint?: string) =>
    env.diagnostics.warning("BCC_PRINTK_FORMAT", message, span, { hint })
  for (const match of text.matchAll(CONVERSION)) {
    if (match[0] === "%%") continue
    const [whole, , length, letters = ""] = match
    const letter = letters[0] ?? ""
    const arg = args[next++]
    if (!"diuxXpsc".includes(letter) || letter === "" || (length !== undefined && length !== "l" && length !== "ll")) {
      warn(
        `bpf_trace_printk() does not know '${whole.trimEnd()}'`,
        literal.span,
        "it has %d %i %u %x %X with l or ll, %p, %s and %c",
      )
      continue
    }
    if (arg === undefined) continue
    checkArgument(warn, whole, letter, length, arg)
  }
  if (next !== args.length) {
    const what = next > args.length ? "more conversions than" : "fewer conversions than"
    warn(`format has ${what} arguments: ${next} and ${args.length}`, literal.span)
  }
}

function checkArgument(
  warn: (message: string, span?: c.Expr["span"]) => void,
  whole: string,
  letter: string,
  length: string | undefined,
  arg: c.Expr,
): void {
  const type = c.canonical(arg.type)
  const mismatch = () => warn(`format '${whole}' does not fit an argument of type ${c.quoteType(arg.type)}`, arg.span)
  if (letter === "s") {
    if (type.kind !== "pointer") mismatch()
    return
  }
  if (letter === "p") return
  const int = c.integerOf(arg.type)
  if (int === undefined) mismatch()
  else if (letter !== "c" && int.size > 4 !== (length !== undefined)) mismatch()
}
