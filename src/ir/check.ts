import { SkepError } from "../base/index.ts"
import { DominatorTree } from "./analysis/dominators.ts"
import type { User } from "./edit.ts"
import type { Block, Inst, IrFunction, IrType, Module, Phi, Terminator, Value } from "./ir.ts"
import { printFunction, printNode } from "./print.ts"
import { isBinary } from "./values.ts"

/** A rule that a function breaks. */
export interface IrProblem {
  readonly func: string
  readonly message: string
  /** The line of the function's text that is wrong, where it is one. */
  readonly where: string | undefined
}

/**
 * Checks everything that passes and code generation rely on, without trusting what a pass keeps up: the shape of the graph, predecessors
 * and phis, types of operands, that definitions dominate uses. Returns what is wrong, in the order of the text; nothing when it is valid.
 */
export function checkFunction(func: IrFunction, module?: Module): IrProblem[] {
  const checker = new Checker(func, module)
  checker.run()
  return checker.problems
}

/** All functions, and that names are there and unique. */
export function checkModule(module: Module): IrProblem[] {
  const problems: IrProblem[] = []
  const say = (message: string) => problems.push({ func: "", message, where: undefined })
  const unique = (what: string, names: readonly string[]) => {
    const seen = new Set<string>()
    for (const name of names) {
      if (seen.has(name)) say(`two ${what} named ${name}`)
      seen.add(name)
    }
  }
  unique(
    "functions",
    module.functions.map(f => f.name),
  )
  unique(
    "maps",
    module.maps.map(m => m.name),
  )
  unique(
    "globals",
    module.globals.map(g => g.name),
  )
  for (const { func } of module.programs) {
    const found = module.functions.find(f => f.name === func)
    if (found === undefined) say(`program ${func} has no function`)
    else if (found.role !== "program") say(`program ${func} is a ${found.role} function`)
  }
  for (const func of module.functions) problems.push(...checkFunction(func, module))
  return problems
}

/** Throws IR_INVALID with every problem and the whole function when a function is not valid; `after` names the pass that ran. */
export function assertValid(func: IrFunction, after = "", module?: Module): void {
  const problems = checkFunction(func, module)
  if (problems.length === 0) return
  const lines = problems.map(p => (p.where === undefined ? p.message : `${p.message}: ${p.where}`))
  throw new SkepError({
    code: "IR_INVALID",
    message: `the intermediate form of ${func.name} is not valid${after === "" ? "" : ` after ${after}`}: ${lines[0]}`,
    why: "This is a mistake in skep, not in the program.",
    hint: "Please report it with the program's text.",
    log: `${lines.join("\n")}\n\n${printFunction(func)}`,
  })
}

/** At most so many arguments fit in registers. */
const MAX_ARGS = 5

class Checker {
  readonly problems: IrProblem[] = []
  readonly #func: IrFunction
  readonly #module: Module | undefined
  /** Block that defines a value, and its place there (-1 for a phi). */
  readonly #place = new Map<Value, { block: Block; at: number }>()
  #dom!: DominatorTree

  constructor(func: IrFunction, module: Module | undefined) {
    this.#func = func
    this.#module = module
  }

  run(): void {
    if (this.#func.blocks.length === 0) {
      this.#say("it has no block")
      return
    }
    this.#graph()
    // Dominators need a sound graph.
    if (this.problems.length > 0) return
    this.#dom = new DominatorTree(this.#func)
    for (const block of this.#func.blocks) {
      if (!this.#dom.reachable(block)) this.#say(`b${block.id} is not reached from the entry`)
    }
    this.#func.params.forEach((p, i) => {
      if (p.index !== i) this.#say(`parameter ${p.name} has index ${p.index}, not ${i}`)
    })
    for (const block of this.#func.blocks) {
      for (const phi of block.phis) this.#phi(phi)
      block.insts.forEach((inst, at) => {
        this.#uses(inst, block, at)
        this.#inst(inst)
        if (inst.op === "alloca" && block !== this.#func.blocks[0]) this.#say("alloca outside the entry block", inst)
      })
      this.#uses(block.term, block, block.insts.length)
      this.#term(block.term)
    }
  }

  #say(message: string, node?: User): void {
    const where = node === undefined ? undefined : printNode(this.#func, node)
    this.problems.push({ func: this.#func.name, message, where })
  }

  /** Ids, owners, terminators' targets, predecessors. */
  #graph(): void {
    const { blocks, nextId, nextBlock } = this.#func
    const blockIds = new Set<number>()
    const ids = new Set<number>()
    const listed = new Set(blocks)
    const edges = new Map<Block, Block[]>(blocks.map(b => [b, []]))
    for (const block of blocks) {
      if (blockIds.has(block.id)) this.#say(`two blocks b${block.id}`)
      blockIds.add(block.id)
      if (block.id >= nextBlock) this.#say(`b${block.id} is not below nextBlock (${nextBlock})`)
      const define = (node: Inst | Phi, at: number) => {
        if (ids.has(node.id)) this.#say(`two values %${node.id}`, node)
        ids.add(node.id)
        if (node.id >= nextId) this.#say(`id is not below nextId (${nextId})`, node)
        if (node.block !== block) this.#say(`its block is not b${block.id}`, node)
        this.#place.set(node, { block, at })
      }
      for (const phi of block.phis) define(phi, -1)
      block.insts.forEach(define)
      for (const target of block.term.targets) {
        if (!listed.has(target)) this.#say(`b${target.id} is not in the function`, block.term)
        else edges.get(target)!.push(block)
      }
    }
    if (blocks[0].preds.length > 0) this.#say("the entry block has a predecessor")
    for (const block of blocks) {
      if (!sameBag(block.preds, edges.get(block)!)) {
        this.#say(
          `b${block.id} has predecessors ${names(block.preds)}, but edges come from ${names(edges.get(block)!)}`,
        )
      }
    }
  }

  #phi(phi: Phi): void {
    if (phi.args.length !== phi.incoming.length) this.#say("as many values as blocks are needed", phi)
    if (!sameBag(phi.incoming, phi.block.preds))
      this.#say(`its block's predecessors are ${names(phi.block.preds)}`, phi)
    phi.args.forEach((arg, i) => {
      if (arg.type !== phi.type) this.#say(`operand ${i + 1} is ${arg.type}, not ${phi.type}`, phi)
      const from = phi.incoming[i]
      if (from !== undefined) this.#available(arg, from, from.insts.length, phi)
    })
  }

  #uses(user: Inst | Terminator, block: Block, at: number): void {
    for (const arg of user.args) this.#available(arg, block, at, user)
  }

  /** Whether a value is there at place `at` of a block. */
  #available(value: Value, block: Block, at: number, user: User): void {
    if (value === undefined) {
      this.#say("operand is missing", user)
      return
    }
    switch (value.kind) {
      case "const": {
        const limit = value.type === "i32" ? 1n << 32n : 1n << 64n
        if (value.value < 0n || value.value >= limit) this.#say("constant is not in canonical form", user)
        return
      }
      case "undef":
        return
      case "param":
        if (this.#func.params[value.index] !== value) this.#say(`%${value.name} is no parameter of this function`, user)
        return
    }
    const place = this.#place.get(value)
    if (value.type === "void") this.#say(`%${value.id} is no value`, user)
    if (place === undefined) this.#say(`%${value.id} is not in the function`, user)
    else if (place.block === block ? place.at >= at : !this.#dom.dominates(place.block, block)) {
      this.#say(`%${value.id} does not dominate this use`, user)
    }
  }

  #term(term: Terminator): void {
    switch (term.op) {
      case "jump":
        this.#shape(term, [], 1)
        return
      case "br":
        this.#shape(term, [["i32", "i64"]], 2)
        return
      case "ret":
        this.#shape(term, this.#func.ret === "void" ? [] : [[this.#func.ret]], 0)
        return
      case "unreachable":
        this.#shape(term, [], 0)
        return
      default:
        this.#say("unknown terminator", term)
    }
  }

  #shape(term: Terminator, types: readonly (readonly IrType[])[], targets: number): void {
    if (term.targets.length !== targets) this.#say(`needs ${targets} targets`, term)
    this.#operands(term, types)
  }

  /** Number and types of the operands. */
  #operands(user: User, types: readonly (readonly IrType[])[]): void {
    if (user.args.length !== types.length) {
      this.#say(`has ${user.args.length} operands, not ${types.length}`, user)
      return
    }
    types.forEach((allowed, i) => {
      const { type } = user.args[i]
      if (!allowed.includes(type)) this.#say(`operand ${i + 1} is ${type}, not ${allowed.join(" or ")}`, user)
    })
  }

  #result(inst: Inst, ...allowed: IrType[]): void {
    if (!allowed.includes(inst.type)) this.#say(`its type is ${inst.type}, not ${allowed.join(" or ")}`, inst)
  }

  #inst(inst: Inst): void {
    switch (inst.op) {
      case "alloca":
        this.#result(inst, "ptr")
        this.#operands(inst, [])
        if (!(inst.size > 0)) this.#say("size is not positive", inst)
        this.#align(inst, inst.align)
        return
      case "load":
        this.#width(inst, inst.width, [1, 2, 4, 8])
        this.#align(inst, inst.align)
        if (inst.width === 8) this.#result(inst, "i64", "ptr")
        else this.#result(inst, "i32", "i64")
        this.#operands(inst, [["ptr"]])
        return
      case "store":
        this.#width(inst, inst.width, [1, 2, 4, 8])
        this.#align(inst, inst.align)
        this.#result(inst, "void")
        this.#operands(inst, [["ptr"], inst.width === 8 ? ["i64", "ptr"] : ["i32", "i64"]])
        return
      case "memcpy":
      case "memset":
        this.#result(inst, "void")
        this.#align(inst, inst.align)
        if (!(inst.size > 0)) this.#say("size is not positive", inst)
        this.#operands(inst, [["ptr"], [inst.op === "memcpy" ? "ptr" : "i32"]])
        return
      case "ptradd":
        this.#result(inst, "ptr")
        this.#operands(inst, [["ptr"], ["i64"]])
        return
      case "cmp": {
        const type = inst.args[0]?.type ?? "i64"
        this.#result(inst, "i32")
        this.#operands(inst, [[type], [type]])
        return
      }
      case "select":
        this.#result(inst, "i32", "i64", "ptr")
        this.#operands(inst, [["i32", "i64"], [inst.type], [inst.type]])
        return
      case "zext":
      case "sext":
        this.#convert(inst, "i32", "i64")
        return
      case "trunc":
        this.#convert(inst, "i64", "i32")
        return
      case "ptrtoint":
        this.#convert(inst, "ptr", "i64")
        return
      case "inttoptr":
        this.#convert(inst, "i64", "ptr")
        return
      case "sextin":
        this.#width(inst, inst.bits, inst.type === "i64" ? [8, 16, 32] : [8, 16])
        this.#result(inst, "i32", "i64")
        this.#operands(inst, [[inst.type]])
        return
      case "bswap":
        this.#width(inst, inst.bits, [16, 32, 64])
        this.#convert(inst, inst.bits === 64 ? "i64" : "i32", inst.bits === 64 ? "i64" : "i32")
        return
      case "call":
        this.#call(inst)
        return
      case "atomic": {
        this.#width(inst, inst.width, [4, 8])
        const type: IrType = inst.width === 8 ? "i64" : "i32"
        this.#result(inst, type)
        this.#operands(inst, inst.atomic === "cmpxchg" ? [["ptr"], [type], [type]] : [["ptr"], [type]])
        return
      }
      case "mapaddr":
        this.#name(inst, "map", inst.map, this.#module?.maps)
        return
      case "globaladdr":
        this.#name(inst, "global", inst.global, this.#module?.globals)
        return
      case "funcaddr":
        this.#name(
          inst,
          "function",
          inst.func,
          this.#module && [...this.#module.functions, ...(this.#module.externs ?? [])],
        )
        return
      case "ldpacket":
        this.#width(inst, inst.width, [1, 2, 4])
        this.#result(inst, "i32")
        this.#operands(inst, inst.args.length === 1 ? [["ptr"]] : [["ptr"], ["i32"]])
        return
      case "opaque":
        if (inst.args.length === 0) this.#result(inst, "void")
        else this.#operands(inst, [[inst.type]])
        return
      case "core":
        this.#result(inst, "i32", "i64")
        this.#operands(inst, [])
        return
      case "ksymaddr":
        this.#result(inst, "ptr")
        this.#operands(inst, [])
        return
      case "ascast":
        this.#convert(inst, "ptr", "ptr")
        return
      case "asm":
        this.#result(inst, "i32")
        for (const { type, tied } of inst.outputs) {
          if (tied >= 0 && inst.args[tied]?.type !== type) this.#say(`operand ${tied + 1} is not ${type}`, inst)
        }
        return
      case "asmout": {
        const [from] = inst.args
        this.#operands(inst, [["i32"]])
        const output = from?.kind === "inst" && from.op === "asm" ? from.outputs[inst.index] : undefined
        if (output === undefined) this.#say(`there is no output ${inst.index}`, inst)
        else this.#result(inst, output.type)
        return
      }
      default:
        if (!isBinary(inst)) {
          this.#say("unknown instruction", inst)
          return
        }
        this.#result(inst, "i32", "i64")
        this.#operands(inst, [[inst.type], [inst.type]])
    }
  }

  #convert(inst: Inst, from: IrType, to: IrType): void {
    this.#result(inst, to)
    this.#operands(inst, [[from]])
  }

  #width(inst: Inst, width: number, allowed: readonly number[]): void {
    if (!allowed.includes(width)) this.#say(`width ${width} is not one of ${allowed.join(", ")}`, inst)
  }

  #align(inst: Inst, align: number): void {
    if (!(align > 0) || (align & (align - 1)) !== 0) this.#say(`alignment ${align} is no power of two`, inst)
  }

  #name(inst: Inst, what: string, name: string, known: readonly { readonly name: string }[] | undefined): void {
    this.#result(inst, "ptr")
    this.#operands(inst, [])
    if (known !== undefined && !known.some(k => k.name === name)) this.#say(`no ${what} named ${name}`, inst)
  }

  #call(inst: Inst & { op: "call" }): void {
    const { callee } = inst
    if (callee.kind === "pointer" && inst.args[0]?.type !== "ptr") this.#say("calls what is no pointer", inst)
    if (callee.kind !== "function") {
      if (inst.args.length > MAX_ARGS + (callee.kind === "pointer" ? 1 : 0))
        this.#say(`has ${inst.args.length} arguments: a call takes at most 5`, inst)
      return
    }
    if (this.#module === undefined) return
    const target = this.#module.functions.find(f => f.name === callee.name)
    if (target === undefined && this.#module.externs?.some(e => e.name === callee.name)) return
    if (target === undefined && this.#module.undefined?.has(callee.name)) return
    if (target === undefined) {
      this.#say(`no function named ${callee.name}`, inst)
      return
    }
    if (inst.type !== target.ret) this.#say(`its type is ${inst.type}, but ${callee.name} gives ${target.ret}`, inst)
    this.#operands(
      inst,
      target.params.map(p => [p.type]),
    )
  }
}

const names = (blocks: readonly Block[]) => (blocks.length === 0 ? "nothing" : blocks.map(b => `b${b.id}`).join(", "))

/** Whether two lists hold the same blocks equally often. */
function sameBag(a: readonly Block[], b: readonly Block[]): boolean {
  if (a.length !== b.length) return false
  const count = new Map<Block, number>()
  for (const block of a) count.set(block, (count.get(block) ?? 0) + 1)
  for (const block of b) {
    const left = count.get(block) ?? 0
    if (left === 0) return false
    count.set(block, left - 1)
  }
  return true
}
