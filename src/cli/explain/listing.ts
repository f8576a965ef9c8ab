import { SkepError, type SourceFile, type Span, suggest } from "../../base/index.ts"
import type { Compilation } from "../../compiler/index.ts"
import { type IrFunction, type Module, printNode } from "../../ir/index.ts"
import { helperName } from "../../isa/index.ts"
import { disassembleFunction, type FunctionSpec } from "../../object/index.ts"
import { type Sizes, sizesOf } from "./sizes.ts"

/** A line of C, and what was made of it. */
export interface ListedLine {
  readonly file: string
  readonly line: number
  readonly c: string
  readonly ir: readonly string[]
  readonly bpf: readonly string[]
}

/** A function on its way from C to instructions. */
export interface Listing {
  readonly name: string
  readonly file: string
  /** The function's own lines in order; those without code of their own, too. */
  readonly lines: readonly ListedLine[]
  /** Lines of other places whose code is in the function: of functions that were inlined, and of headers. */
  readonly others: readonly ListedLine[]
  readonly sizes: Sizes
}

interface Code {
  readonly ir: string[]
  readonly bpf: string[]
}

/** Puts the three forms of a function together by lines. Throws `CLI_EXPLAIN_FUNCTION`. */
export function listFunction(compilation: Compilation, name: string): Listing {
  const file = compilation.options.name
  // The text of the SSA form is taken before code generation makes it its own.
  const code = new Map<string, Code>()
  const at = (place: string): Code => {
    let found = code.get(place)
    if (found === undefined) code.set(place, (found = { ir: [], bpf: [] }))
    return found
  }
  const func = compilation.module.functions.find(fn => fn.name === name)
  if (func === undefined) throw noFunction(compilation, compilation.module, name)
  const { first, last } = extent(compilation, func)
  for (const [place, text] of irLines(func, `${file}:${first}`)) at(place).ir.push(text)
  const { object } = compilation
  const spec = [...object.programs, ...object.functions].find(fn => fn.name === name)
  if (spec === undefined) throw noFunction(compilation, compilation.module, name)
  for (const [place, text] of bpfLines(spec, compilation, `${file}:${first}`)) at(place).bpf.push(text)
  const source = func.span.file
  const lines: ListedLine[] = []
  for (let line = first; line <= last; line++) {
    const place = `${file}:${line}`
    lines.push({ file, line, c: source.line(line), ir: code.get(place)?.ir ?? [], bpf: code.get(place)?.bpf ?? [] })
    code.delete(place)
  }
  const others = [...code].map(([place, { ir, bpf }]) => otherLine(place, source, ir, bpf))
  others.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
  return { name, file, lines, others, sizes: sizesOf(spec) }
}

function otherLine(place: string, main: SourceFile, ir: readonly string[], bpf: readonly string[]): ListedLine {
  const colon = place.lastIndexOf(":")
  const [file, line] = [place.slice(0, colon), Number(place.slice(colon + 1))]
  return { file, line, c: file === main.name ? main.line(line) : "", ir, bpf }
}

/** The first and the last line of a function's definition. */
function extent(
  compilation: Compilation,
  { name, span }: IrFunction,
): { readonly first: number; readonly last: number } {
  const decl = compilation.ast.decls.find(other => other.kind === "function" && other.name === name)
  const body = decl?.kind === "function" ? decl.body?.span : undefined
  const first = lineOf(span)
  const last =
    body === undefined || body.file !== span.file ? first : span.file.position(Math.max(body.start, body.end - 1)).line
  return { first, last: Math.max(first, last) }
}

const placeOf = (span: Span | undefined): string | undefined =>
  span === undefined || span.file.system ? undefined : `${span.file.name}:${lineOf(span)}`

const lineOf = (span: Span): number => span.file.position(span.start).line

/** Instructions of the SSA form with their places; blocks begin with their name. */
function* irLines(func: IrFunction, start: string): Generator<[place: string, text: string]> {
  let place = start
  for (const block of func.blocks) {
    const nodes = [...block.insts, block.term]
    // What has no place of its own stands with what precedes it; a block's name and its phis with what follows.
    place = nodes.map(node => placeOf(node.span)).find(found => found !== undefined) ?? place
    if (func.blocks.length > 1) yield [place, `b${block.id}:`]
    for (const phi of block.phis) yield [place, printNode(func, phi)]
    for (const node of nodes) {
      place = placeOf(node.span) ?? place
      yield [place, printNode(func, node)]
    }
  }
}

/** Instructions with their numbers and their places. */
function* bpfLines(
  spec: FunctionSpec,
  { object }: Compilation,
  start: string,
): Generator<[place: string, text: string]> {
  const rows = disassembleFunction(spec, { syntax: "llvm" })
    .split("\n")
    .filter(row => row.trim() !== "")
  const infos = [...spec.lineInfo].sort((a, b) => a.insn - b.insn)
  let place = start
  let next = 0
  for (const [insn, row] of rows.entries()) {
    while (next < infos.length && infos[next].insn <= insn) {
      const line = object.lines[infos[next++].line]
      if (line !== undefined) place = `${line.file}:${line.line}`
    }
    yield [place, row.trim().replace(/(?<= call )\d+$/, id => helperName(Number(id)) ?? id)]
  }
}

function noFunction(compilation: Compilation, module: Module, name: string): SkepError {
  const names = module.functions.map(fn => fn.name)
  const inlined = compilation.ast.decls.some(decl => decl.kind === "function" && decl.name === name && decl.body)
  const meant = suggest(name, names)
  return new SkepError({
    code: "CLI_EXPLAIN_FUNCTION",
    message: inlined
      ? `function ${name} of ${compilation.options.name} is inlined where it is called, or never called`
      : `there is no function ${name} in ${compilation.options.name}${meant === undefined ? "" : `; did you mean '${meant}'?`}`,
    hint: names.length === 0 ? "the file has no program" : `functions with code of their own: ${names.join(", ")}`,
  })
}
