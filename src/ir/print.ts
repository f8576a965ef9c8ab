import { formatPlace } from "../base/index.ts"
import type { Asm, Block, Inst, IrFunction, IrType, Load, Module, Phi, Store, Terminator, Value } from "./ir.ts"
import { signedValue } from "./values.ts"

/** Options of the printers. */
export interface PrintOptions {
  /** Adds the source place of each instruction as a comment. */
  readonly places?: boolean
}

/** A module as text that `parseModule` reads (but for the types, which are not printed). */
export function printModule(module: Module, options: PrintOptions = {}): string {
  let out = `module ${JSON.stringify(module.name)} license ${JSON.stringify(module.license)}\n`
  for (const map of module.maps) {
    out += `map @${map.name} ${map.type} key ${map.keySize} value ${map.valueSize} max ${map.maxEntries}`
    if (map.flags !== 0) out += ` flags ${map.flags}`
    if (map.inner !== undefined) out += ` inner @${map.inner}`
    if (map.pin !== undefined) out += ` pin ${JSON.stringify(map.pin)}`
    if (map.frozen) out += " frozen"
    out += map.data === undefined ? "\n" : ` = ${hex(map.data)}\n`
  }
  for (const g of module.globals) {
    out += `global @${g.name} ${g.section}+${g.offset} size ${g.size} align ${g.align}`
    if (g.constant) out += " constant"
    if (g.internal) out += " internal"
    if (g.init !== undefined) out += ` = ${hex(g.init)}`
    for (const r of g.relocations ?? []) out += ` reloc ${r.offset} ${r.kind} @${r.name} ${r.addend}`
    out += "\n"
  }
  for (const p of module.programs) {
    out += `program @${p.func} section ${JSON.stringify(p.section)}`
    if (p.type !== undefined) out += ` type ${p.type}`
    if (p.attach !== undefined) out += ` attach ${JSON.stringify(p.attach)}`
    out += "\n"
  }
  for (const func of module.functions) out += `\n${printFunction(func, options)}`
  return out
}

/** A function as text that `parseFunction` reads. The same function always gives the same text. */
export function printFunction(func: IrFunction, options: PrintOptions = {}): string {
  const printer = new Printer(func, options)
  return printer.print()
}

/** One instruction, phi or terminator as it stands in the function's text; for messages. */
export function printNode(func: IrFunction, node: Inst | Phi | Terminator): string {
  return new Printer(func, {}).node(node)
}

function hex(bytes: Uint8Array): string {
  let out = ""
  for (const byte of bytes) out += byte.toString(16).padStart(2, "0")
  return out
}

/** Type that a constant has in a place where none is written; see each instruction's line in the parser. */
export function storeType(width: number): "i32" | "i64" {
  return width === 8 ? "i64" : "i32"
}

class Printer {
  readonly func: IrFunction
  readonly options: PrintOptions
  readonly #params: string[] = []

  constructor(func: IrFunction, options: PrintOptions) {
    this.func = func
    this.options = options
    const taken = new Set<string>()
    for (const param of func.params) {
      let name = /^[A-Za-z_]\w*$/.test(param.name) ? param.name : `arg${param.index}`
      while (taken.has(name)) name += "_"
      taken.add(name)
      this.#params.push(name)
    }
  }

  print(): string {
    const { func } = this
    const params = func.params.map((p, i) => `${p.type} %${this.#params[i]}`).join(", ")
    const role = func.role === "program" ? "" : `${func.role} `
    const inline = func.inline === "auto" ? "" : func.inline === "always" ? "inline " : "noinline "
    const naked = func.naked ? "naked " : ""
    let out = `${role}func @${func.name}(${params}) -> ${func.ret} ${inline}${naked}{\n`
    for (const block of func.blocks) out += this.#block(block)
    return `${out}}\n`
  }

  node(node: Inst | Phi | Terminator): string {
    return node.kind === "phi" ? this.#phi(node) : node.kind === "term" ? this.#term(node) : this.#inst(node)
  }

  #block(block: Block): string {
    let out = `b${block.id}:${block.unroll === undefined ? "" : ` unroll ${block.unroll}`}\n`
    for (const phi of block.phis) out += `  ${this.#phi(phi)}\n`
    for (const inst of block.insts) out += `  ${this.#inst(inst)}${this.#place(inst)}\n`
    return `${out}  ${this.#term(block.term)}${this.#place(block.term)}\n`
  }

  #place(node: Inst | Terminator): string {
    return this.options.places && node.span !== undefined ? ` ; ${formatPlace(node.span)}` : ""
  }

  /** A value where `expected` is the type that the place implies. */
  #value(v: Value, expected: IrType | undefined): string {
    if (v === undefined) return "<missing>"
    switch (v.kind) {
      case "inst":
      case "phi":
        return `%${v.id}`
      case "param":
        return `%${this.#params[v.index]}`
      case "const": {
        const text = v.type === "ptr" && v.value !== 0n ? `0x${v.value.toString(16)}` : `${signedValue(v)}`
        return v.type === expected ? text : `${v.type} ${text}`
      }
      case "undef":
        return v.type === expected ? "undef" : `${v.type} undef`
    }
  }

  #phi(phi: Phi): string {
    const values = phi.args.map((v, i) => `[b${phi.incoming[i]?.id}: ${this.#value(v, phi.type)}]`)
    return `%${phi.id} = phi ${phi.type} ${values.join(", ")}`
  }

  #term(term: Terminator): string {
    switch (term.op) {
      case "jump":
        return `jump b${term.targets[0].id}`
      case "br":
        return `br ${this.#value(term.args[0], "i32")}, b${term.targets[0].id}, b${term.targets[1].id}`
      case "ret":
        return term.args.length === 0 ? "ret" : `ret ${this.#value(term.args[0], this.func.ret)}`
      case "unreachable":
        return "unreachable"
    }
  }

  #inst(inst: Inst): string {
    const text = this.#body(inst)
    return inst.type === "void" ? text : `%${inst.id} = ${text}`
  }

  #body(inst: Inst): string {
    const args = (...types: (IrType | undefined)[]) => inst.args.map((a, i) => this.#value(a, types[i])).join(", ")
    switch (inst.op) {
      case "alloca":
        return `alloca ${inst.size} align ${inst.align} ${JSON.stringify(inst.name)}`
      case "load": {
        const how = `${inst.signed ? "s" : "u"}${inst.width}${access(inst)}`
        return `load ${inst.type} ${how} ${args("ptr")}`
      }
      case "store":
        return `store ${inst.width}${access(inst)} ${args("ptr", storeType(inst.width))}`
      case "memcpy":
        return `memcpy ${inst.size} align ${inst.align} ${args("ptr", "ptr")}`
      case "memset":
        return `memset ${inst.size} align ${inst.align} ${args("ptr", "i32")}`
      case "ptradd":
        return `ptradd ${args("ptr", "i64")}`
      case "cmp":
        return `cmp ${inst.pred} ${inst.args[0]?.type} ${args(inst.args[0]?.type, inst.args[0]?.type)}`
      case "select":
        return `select ${inst.type} ${args("i32", inst.type, inst.type)}`
      case "zext":
      case "sext":
        return `${inst.op} ${inst.type} ${args("i32")}`
      case "trunc":
      case "inttoptr":
        return `${inst.op} ${inst.type} ${args("i64")}`
      case "ptrtoint":
        return `${inst.op} ${inst.type} ${args("ptr")}`
      case "sextin":
        return `sextin ${inst.type} ${inst.bits} ${args(inst.type)}`
      case "bswap":
        return `bswap ${inst.bits} ${args(inst.type)}`
      case "call":
        return `call ${this.#callee(inst.callee)}(${args()}) -> ${inst.type}`
      case "atomic":
        return `atomic ${inst.atomic} ${inst.width} ${args("ptr", inst.type, inst.type)}`
      case "mapaddr":
        return `mapaddr @${inst.map}`
      case "globaladdr":
        return `globaladdr @${inst.global}`
      case "funcaddr":
        return `funcaddr @${inst.func}`
      case "ldpacket":
        return `ldpacket ${inst.width} at ${inst.offset} ${args("ptr", "i32")}`
      case "opaque":
        return inst.args.length === 0 ? "opaque" : `opaque ${inst.type} ${args(inst.type)}`
      case "core":
        return `core ${inst.type} ${inst.relocation} ${inst.btfType} "${inst.access}" = ${inst.value}`
      case "ksymaddr":
        return `ksymaddr @${inst.name} ${inst.btfType}${inst.weak ? " weak" : ""}`
      case "ascast":
        return `ascast ${inst.from} ${inst.to} ${args("ptr")}`
      case "asm":
        return printAsm(inst, args())
      case "asmout":
        return `asmout ${inst.type} ${inst.index} ${args("i32")}`
      default:
        return `${inst.op} ${inst.type} ${args(inst.type, inst.type)}`
    }
  }

  #callee(callee: (Inst & { op: "call" })["callee"]): string {
    if (callee.kind === "helper") return `helper ${callee.id} ${callee.name}`
    if (callee.kind === "pointer") return "pointer"
    return callee.kind === "kfunc" ? `kfunc ${callee.name}${callee.weak ? " weak" : ""}` : `@${callee.name}`
  }
}

/** asm ["volatile"] ["memory"] ["exits" n] text {"out" type [operand]} {"sym" kind @name} (args) */
function printAsm(inst: Asm, args: string): string {
  let out = "asm"
  if (inst.volatile) out += " volatile"
  if (inst.memory) out += " memory"
  if (inst.exits > 0) out += ` exits ${inst.exits}`
  out += ` ${JSON.stringify(inst.text)}`
  for (const { type, tied } of inst.outputs) out += ` out ${type}${tied < 0 ? "" : ` ${tied}`}`
  for (const { kind, name } of inst.symbols) out += ` sym ${kind} @${name}`
  return `${out} (${args})`
}

function access({ volatile, align, width, ordered }: Load | Store): string {
  return `${volatile ? " volatile" : ""}${ordered ? " ordered" : ""}${align === width ? "" : ` align ${align}`}`
}
