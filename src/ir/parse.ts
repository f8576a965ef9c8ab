import { SkepError, SourceFile, type Span } from "../base/index.ts"
import { CORE_RELO_KINDS } from "../btf/index.ts"
import type { MapSpec, ProgramType } from "../object/index.ts"
import { type InstParts, newBlock, newFunction } from "./builder.ts"
import type {
  AsmOutput,
  AsmSymbol,
  AtomicOp,
  Block,
  Callee,
  GlobalRelocation,
  GlobalVar,
  Inst,
  IrFunction,
  IrType,
  Module,
  Phi,
  Predicate,
  ProgramInfo,
  Value,
  Width,
} from "./ir.ts"
import { storeType } from "./print.ts"
import { constant, isBinaryOp, undef, type ValueType } from "./values.ts"

/** Reads a module that `printModule` wrote. Its type table is empty. Errors: IR_SYNTAX with the line. */
export function parseModule(text: string, name = "ir"): Module {
  return new Parser(text, name).module()
}

/** Reads one function. Errors: IR_SYNTAX with the line. What it reads may still be wrong in other ways: see `checkFunction`. */
export function parseFunction(text: string, name = "ir"): IrFunction {
  const { functions } = new Parser(text, name).module()
  if (functions.length === 1) return functions[0]
  throw new SkepError({ code: "IR_SYNTAX", message: `expected one function, found ${functions.length}` })
}

const tokenPattern = /\s+|;[^\n]*|->|[%@][\w.$]+|[\w.$+]+|-\d+|"(?:[^"\\]|\\.)*"|\{"[^\n]*\}|[{}()[\],:=]/y

const predicates: readonly Predicate[] = ["eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge"]
const atomics: readonly AtomicOp[] = ["add", "and", "or", "xor", "xchg", "cmpxchg"]

interface Token {
  readonly text: string
  readonly start: number
}

/** An operand that names a value which may be defined further down. */
interface Pending {
  readonly args: Value[]
  readonly index: number
  readonly name: string
  readonly token: Token
}

class Parser {
  readonly #file: SourceFile
  readonly #tokens: Token[] = []
  #at = 0
  // State of the function being read.
  #func!: IrFunction
  #values = new Map<string, Value>()
  #blocks = new Map<string, Block>()
  #defined = new Set<Block>()
  #pending: Pending[] = []

  constructor(text: string, name: string) {
    this.#file = new SourceFile(name, text)
    tokenPattern.lastIndex = 0
    while (tokenPattern.lastIndex < text.length) {
      const start = tokenPattern.lastIndex
      const found = tokenPattern.exec(text)
      if (found === null) {
        this.#fail(`unexpected character ${JSON.stringify(text[start])}`, { text: text[start], start })
        return
      }
      if (!/^[\s;]/.test(found[0])) this.#tokens.push({ text: found[0], start })
    }
    this.#tokens.push({ text: "", start: text.length })
  }

  module(): Module {
    let name = this.#file.name
    let license = "GPL"
    const maps: MapSpec[] = []
    const globals: GlobalVar[] = []
    const programs: ProgramInfo[] = []
    const functions: IrFunction[] = []
    while (this.#peek() !== "") {
      switch (this.#peek()) {
        case "module":
          this.#next()
          name = this.#string()
          if (this.#accept("license")) license = this.#string()
          break
        case "map":
          maps.push(this.#map())
          break
        case "global":
          // A global subprogram begins with the same word as a variable.
          if (this.#tokens[this.#at + 1].text === "func") functions.push(this.#function())
          else globals.push(this.#global())
          break
        case "program":
          programs.push(this.#program())
          break
        default:
          functions.push(this.#function())
      }
    }
    const btf = { addString: () => 0, encode: () => new Uint8Array(0) }
    return { name, license, maps, globals, programs, functions, btf }
  }

  #map(): MapSpec {
    this.#expect("map")
    const spec: { -readonly [K in keyof MapSpec]: MapSpec[K] } = {
      name: this.#symbol(),
      type: this.#next().text,
      keySize: 0,
      valueSize: 0,
      maxEntries: 0,
      flags: 0,
      keyType: 0,
      valueType: 0,
    }
    for (;;) {
      if (this.#accept("key")) spec.keySize = this.#number()
      else if (this.#accept("value")) spec.valueSize = this.#number()
      else if (this.#accept("max")) spec.maxEntries = this.#number()
      else if (this.#accept("flags")) spec.flags = this.#number()
      else if (this.#accept("inner")) spec.inner = this.#symbol()
      else if (this.#accept("pin")) spec.pin = this.#string()
      else if (this.#accept("frozen")) spec.frozen = true
      else if (this.#accept("=")) spec.data = this.#bytes()
      else return spec
    }
  }

  #global(): GlobalVar {
    this.#expect("global")
    const name = this.#symbol()
    const place = this.#next()
    const [section, offset] = place.text.split("+")
    if (offset === undefined) this.#fail(`expected section+offset, found "${place.text}"`, place)
    this.#expect("size")
    const size = this.#number()
    this.#expect("align")
    const align = this.#number()
    const isConstant = this.#accept("constant")
    const internal = this.#accept("internal")
    const init = this.#accept("=") ? this.#bytes() : undefined
    const relocations: GlobalRelocation[] = []
    while (this.#accept("reloc")) {
      const at = this.#number()
      const kind = this.#oneOf(["map", "global", "function"] as const)
      relocations.push({ offset: at, kind, name: this.#symbol(), addend: this.#number() })
    }
    const known = { name, section, offset: Number(offset), size, align, constant: isConstant, init }
    return { ...known, ...(internal && { internal }), ...(relocations.length > 0 && { relocations }) }
  }

  #program(): ProgramInfo {
    this.#expect("program")
    const func = this.#symbol()
    this.#expect("section")
    const section = this.#string()
    const type = this.#accept("type") ? (this.#next().text as ProgramType) : undefined
    const attach = this.#accept("attach") ? JSON.parse(this.#next().text) : undefined
    const load = this.#accept("load") ? JSON.parse(this.#next().text) : undefined
    return { func, section, ...(type && { type }), ...(attach && { attach }), ...(load && { load }) }
  }

  #function(): IrFunction {
    const role = ["static", "callback", "global"].includes(this.#peek()) ? this.#next().text : "program"
    const start = this.#tokens[this.#at]
    this.#expect("func")
    const name = this.#symbol()
    const params: { type: ValueType; name: string }[] = []
    this.#expect("(")
    while (!this.#accept(")")) {
      const type = this.#valueType()
      params.push({ type, name: this.#local() })
      if (this.#peek() !== ")") this.#expect(",")
    }
    this.#expect("->")
    const ret = this.#type()
    const inline = this.#accept("inline") ? "always" : this.#accept("noinline") ? "never" : "auto"
    const span = this.#span(start)
    this.#func = newFunction({ name, params, ret, span, role: role as IrFunction["role"], inline })
    if (this.#accept("naked")) this.#func.naked = true
    this.#values = new Map(this.#func.params.map(p => [p.name, p]))
    this.#blocks = new Map()
    this.#defined = new Set()
    this.#pending = []
    this.#expect("{")
    while (!this.#accept("}")) this.#block()
    this.#resolve()
    return this.#func
  }

  /** Looks up the names used before their definition, numbers what has no name, and checks that all blocks are there. */
  #resolve(): void {
    for (const { args, index, name, token } of this.#pending) {
      const value = this.#values.get(name)
      if (value === undefined) this.#fail(`%${name} is not defined`, token)
      else args[index] = value
    }
    for (const [name, block] of this.#blocks) {
      if (!this.#defined.has(block)) this.#fail(`block ${name} is not defined`, this.#tokens[this.#at - 1])
    }
    if (this.#func.blocks.length === 0) this.#fail("a function needs a block", this.#tokens[this.#at - 1])
    for (const block of this.#func.blocks) for (const t of block.term.targets) t.preds.push(block)
    for (const block of this.#func.blocks) {
      for (const inst of block.insts) if (inst.id === 0) inst.id = this.#func.nextId++
    }
  }

  /** `b3:` [`unroll` (`full` | count)] phis instructions terminator */
  #block(): void {
    const label = this.#tokens[this.#at]
    const block = this.#target()
    if (this.#defined.has(block)) this.#fail(`block ${label.text} is defined twice`, label)
    this.#defined.add(block)
    this.#func.blocks.push(block)
    this.#expect(":")
    if (this.#accept("unroll")) block.unroll = this.#accept("full") ? "full" : this.#number()
    while (!this.#statement(block)) {}
  }

  /** Reads one line of a block; true when it was the terminator. */
  #statement(block: Block): boolean {
    const first = this.#next()
    const span = this.#span(first)
    switch (first.text) {
      case "jump":
        block.term = { kind: "term", op: "jump", args: [], targets: [this.#target()], span }
        return true
      case "br": {
        const args = this.#args(["i32"])
        this.#expect(",")
        const then = this.#target()
        this.#expect(",")
        block.term = { kind: "term", op: "br", args, targets: [then, this.#target()], span }
        return true
      }
      case "ret": {
        const more = this.#peek() !== "}" && this.#tokens[this.#at + 1]?.text !== ":"
        const args = more ? this.#args([this.#func.ret]) : []
        block.term = { kind: "term", op: "ret", args, targets: [], span }
        return true
      }
      case "unreachable":
        block.term = { kind: "term", op: "unreachable", args: [], targets: [], span }
        return true
    }
    if (!first.text.startsWith("%")) {
      const inst = this.#inst(first)
      if (inst.type !== "void" && inst.op !== "call") this.#fail(`${first.text} gives a value: name it`, first)
      block.insts.push({ kind: "inst", id: 0, block, span, ...inst } as Inst)
      return false
    }
    const name = first.text.slice(1)
    if (this.#values.has(name)) this.#fail(`%${name} is defined twice`, first)
    const id = Number(name)
    if (!Number.isSafeInteger(id) || id < 1) this.#fail(`%${name}: a value's name is a positive number`, first)
    this.#func.nextId = Math.max(this.#func.nextId, id + 1)
    this.#expect("=")
    const op = this.#next()
    if (op.text === "phi") {
      if (block.insts.length > 0) this.#fail("a phi must come first in its block", op)
      const phi = this.#phi(block, id)
      block.phis.push(phi)
      this.#values.set(name, phi)
      return false
    }
    const parts = this.#inst(op)
    if (parts.type === "void") this.#fail(`${op.text} gives no value`, op)
    const inst = { kind: "inst", id, block, span, ...parts } as Inst
    block.insts.push(inst)
    this.#values.set(name, inst)
    return false
  }

  #phi(block: Block, id: number): Phi {
    const phi: Phi = { kind: "phi", id, type: this.#valueType(), args: [], incoming: [], block }
    do {
      this.#expect("[")
      phi.incoming.push(this.#target())
      this.#expect(":")
      this.#value(phi.args, phi.type)
      this.#expect("]")
    } while (this.#accept(","))
    return phi
  }

  #inst(op: Token): InstParts {
    switch (op.text) {
      case "alloca": {
        const size = this.#number()
        this.#expect("align")
        const align = this.#number()
        const name = this.#peek().startsWith('"') ? this.#string() : ""
        return { op: "alloca", type: "ptr", size, align, name, args: [] }
      }
      case "load": {
        const type = this.#valueType()
        const how = this.#next()
        const width = Number(how.text.slice(1))
        if (!/^[su][1248]$/.test(how.text)) this.#fail(`expected s or u and a width, found "${how.text}"`, how)
        const rest = this.#access(width)
        const signed = how.text[0] === "s"
        return { op: "load", type, width: width as Width, signed, ...rest, args: this.#args(["ptr"]) }
      }
      case "store": {
        const width = this.#width()
        const rest = this.#access(width)
        return { op: "store", type: "void", width, ...rest, args: this.#args(["ptr", storeType(width)]) }
      }
      case "memcpy":
      case "memset": {
        const size = this.#number()
        this.#expect("align")
        const align = this.#number()
        const args = this.#args(["ptr", op.text === "memcpy" ? "ptr" : "i32"])
        return { op: op.text, type: "void", size, align, args }
      }
      case "ptradd":
        return { op: "ptradd", type: "ptr", args: this.#args(["ptr", "i64"]) }
      case "cmp": {
        const pred = this.#oneOf(predicates)
        const type = this.#valueType()
        return { op: "cmp", type: "i32", pred, args: this.#args([type, type]) }
      }
      case "select": {
        const type = this.#valueType()
        return { op: "select", type, args: this.#args(["i32", type, type]) }
      }
      case "zext":
      case "sext":
        return { op: op.text, type: this.#valueType(), args: this.#args(["i32"]) }
      case "trunc":
      case "inttoptr":
        return { op: op.text, type: this.#valueType(), args: this.#args(["i64"]) }
      case "ptrtoint":
        return { op: op.text, type: this.#valueType(), args: this.#args(["ptr"]) }
      case "sextin": {
        const type = this.#valueType()
        const bits = Number(this.#oneOf(["8", "16", "32"])) as 8 | 16 | 32
        return { op: "sextin", type, bits, args: this.#args([type]) }
      }
      case "bswap": {
        const bits = Number(this.#oneOf(["16", "32", "64"])) as 16 | 32 | 64
        const type = bits === 64 ? "i64" : "i32"
        return { op: "bswap", type, bits, args: this.#args([type]) }
      }
      case "call": {
        const callee = this.#callee()
        const args = this.#arguments()
        this.#expect("->")
        return { op: "call", type: this.#type(), callee, args }
      }
      case "atomic": {
        const atomic = this.#oneOf(atomics)
        const width = this.#width() as 4 | 8
        const type = width === 8 ? "i64" : "i32"
        const types: IrType[] = atomic === "cmpxchg" ? ["ptr", type, type] : ["ptr", type]
        return { op: "atomic", type, atomic, width, args: this.#args(types) }
      }
      case "mapaddr":
        return { op: "mapaddr", type: "ptr", map: this.#symbol(), args: [] }
      case "globaladdr":
        return { op: "globaladdr", type: "ptr", global: this.#symbol(), args: [] }
      case "funcaddr":
        return { op: "funcaddr", type: "ptr", func: this.#symbol(), args: [] }
      case "ldpacket": {
        const width = this.#width() as 1 | 2 | 4
        this.#expect("at")
        const offset = this.#number()
        const args = this.#args(["ptr"])
        if (this.#accept(",")) this.#value(args, "i32")
        return { op: "ldpacket", type: "i32", width, offset, args }
      }
      case "opaque": {
        if (!["i32", "i64", "ptr"].includes(this.#peek())) return { op: "opaque", type: "void", args: [] }
        const type = this.#valueType()
        return { op: "opaque", type, args: this.#args([type]) }
      }
    }
    const other = this.#platform(op)
    if (other !== undefined) return other
    const { text } = op
    if (!isBinaryOp(text)) return this.#fail(`unknown instruction "${text}"`, op)
    const type = this.#valueType()
    return { op: text, type, args: this.#args([type, type]) }
  }

  /** What only BPF's loader and assembler know: relocated numbers, addresses in the kernel, assembler text. */
  #platform(op: Token): InstParts | undefined {
    switch (op.text) {
      case "core": {
        const type = this.#valueType()
        const relocation = this.#oneOf(CORE_RELO_KINDS)
        const btfType = this.#number()
        const access = this.#string()
        this.#expect("=")
        return { op: "core", type, relocation, btfType, access, value: BigInt(this.#next().text), args: [] }
      }
      case "ksymaddr": {
        const name = this.#symbol()
        const btfType = this.#number()
        return { op: "ksymaddr", type: "ptr", name, btfType, weak: this.#accept("weak"), args: [] }
      }
      case "ascast": {
        const from = this.#number()
        const to = this.#number()
        return { op: "ascast", type: "ptr", from, to, args: this.#args(["ptr"]) }
      }
      case "asm":
        return this.#asm()
      case "asmout": {
        const type = this.#valueType()
        const index = this.#number()
        return { op: "asmout", type, index, args: this.#args(["i32"]) }
      }
      default:
        return undefined
    }
  }

  #asm(): InstParts {
    const volatile = this.#accept("volatile")
    const memory = this.#accept("memory")
    const exits = this.#accept("exits") ? this.#number() : 0
    const text = this.#string()
    const outputs: AsmOutput[] = []
    while (this.#accept("out")) {
      const type = this.#valueType()
      outputs.push({ type, tied: /^\d+$/.test(this.#peek()) ? this.#number() : -1 })
    }
    const symbols: AsmSymbol[] = []
    while (this.#accept("sym")) {
      const kind = this.#oneOf(["map", "global", "function", "kfunc"] as const)
      symbols.push({ kind, name: this.#symbol() })
    }
    return { op: "asm", type: "i32", text, outputs, symbols, exits, memory, volatile, args: this.#arguments() }
  }

  /** `(` values with the types of constants written out `)` */
  #arguments(): Value[] {
    const args: Value[] = []
    this.#expect("(")
    while (!this.#accept(")")) {
      this.#value(args, undefined)
      if (this.#peek() !== ")") this.#expect(",")
    }
    return args
  }

  #access(width: number): { volatile: boolean; align: number; ordered?: boolean } {
    const volatile = this.#accept("volatile")
    const ordered = this.#accept("ordered")
    return { volatile, ...(ordered && { ordered }), align: this.#accept("align") ? this.#number() : width }
  }

  #callee(): Callee {
    if (this.#accept("helper")) {
      const id = this.#number()
      return { kind: "helper", id, name: this.#peek() === "(" ? `helper_${id}` : this.#next().text }
    }
    if (this.#accept("pointer")) return { kind: "pointer", name: "" }
    if (this.#accept("kfunc")) {
      const name = this.#next().text
      return this.#accept("weak") ? { kind: "kfunc", name, weak: true } : { kind: "kfunc", name }
    }
    return { kind: "function", name: this.#symbol() }
  }

  #args(types: readonly IrType[]): Value[] {
    const args: Value[] = []
    for (const type of types) {
      if (args.length > 0) this.#expect(",")
      this.#value(args, type)
    }
    return args
  }

  /** [type] (`%name` | number | `undef`), appended to `args`. */
  #value(args: Value[], expected: IrType | undefined): void {
    let type = expected
    if (["i32", "i64", "ptr"].includes(this.#peek())) type = this.#valueType()
    const token = this.#next()
    if (token.text.startsWith("%")) {
      const name = token.text.slice(1)
      const known = this.#values.get(name)
      if (known === undefined) this.#pending.push({ args, index: args.length, name, token })
      args.push(known ?? undef("i32"))
      return
    }
    if (type === undefined || type === "void") {
      this.#fail("a constant needs its type here", token)
      return
    }
    if (token.text === "undef") args.push(undef(type))
    else if (/^(-?\d+|0x[0-9a-f]+)$/.test(token.text)) args.push(constant(type, BigInt(token.text)))
    else this.#fail(`expected a value, found "${token.text}"`, token)
  }

  #target(): Block {
    const token = this.#next()
    if (!/^b\d+$/.test(token.text)) this.#fail(`expected a block, found "${token.text}"`, token)
    let block = this.#blocks.get(token.text)
    if (block === undefined) {
      block = newBlock(this.#func)
      block.id = Number(token.text.slice(1))
      this.#blocks.set(token.text, block)
    }
    this.#func.nextBlock = Math.max(this.#func.nextBlock, block.id + 1)
    return block
  }

  #peek(): string {
    return this.#tokens[this.#at].text
  }
  #next(): Token {
    const token = this.#tokens[this.#at]
    if (token.text === "") this.#fail("unexpected end", token)
    this.#at++
    return token
  }
  #accept(text: string): boolean {
    if (this.#peek() !== text) return false
    this.#at++
    return true
  }
  #expect(text: string): void {
    const token = this.#tokens[this.#at]
    if (!this.#accept(text)) this.#fail(`expected "${text}", found "${token.text}"`, token)
  }
  #oneOf<T extends string>(words: readonly T[]): T {
    const token = this.#next()
    if (!words.includes(token.text as T)) this.#fail(`unknown word "${token.text}"`, token)
    return token.text as T
  }
  #number(): number {
    const token = this.#next()
    if (!/^-?\d+$/.test(token.text)) this.#fail(`expected a number, found "${token.text}"`, token)
    return Number(token.text)
  }
  #width(): Width {
    return Number(this.#oneOf(["1", "2", "4", "8"])) as Width
  }
  #type(): IrType {
    return this.#oneOf(["i32", "i64", "ptr", "void"])
  }
  #valueType(): ValueType {
    return this.#oneOf(["i32", "i64", "ptr"])
  }
  #symbol(): string {
    const token = this.#next()
    if (!token.text.startsWith("@")) this.#fail(`expected @name, found "${token.text}"`, token)
    return token.text.slice(1)
  }
  #local(): string {
    const token = this.#next()
    if (!token.text.startsWith("%")) this.#fail(`expected %name, found "${token.text}"`, token)
    return token.text.slice(1)
  }
  #string(): string {
    const token = this.#next()
    if (!token.text.startsWith('"')) this.#fail(`expected a string, found "${token.text}"`, token)
    return JSON.parse(token.text)
  }
  #bytes(): Uint8Array {
    const token = this.#next()
    if (!/^([0-9a-f]{2})+$/.test(token.text)) this.#fail(`expected bytes in hex, found "${token.text}"`, token)
    return Uint8Array.from({ length: token.text.length / 2 }, (_, i) =>
      Number.parseInt(token.text.substr(2 * i, 2), 16),
    )
  }

  #span(token: Token): Span {
    return { file: this.#file, start: token.start, end: token.start + token.text.length }
  }
  #fail(message: string, token: Token): never {
    const { line } = this.#file.position(token.start)
    throw new SkepError({ code: "IR_SYNTAX", message: `line ${line}: ${message}`, span: this.#span(token) })
  }
}
