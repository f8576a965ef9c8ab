import { SkepError } from "../../base/index.ts"
import { type Asm, type AsmCode, type AsmSymbol, assembleAsm, type Inst } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import { type MBlock, type MInst, type MSymbol, makeTerm, NO_REG, type Reg } from "../mir/mir.ts"
import { DEF_DST, DEF_SRC, isPacketLoad, OP_MOV_IMM, roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import { placeOf, type Selector } from "./selector.ts"

/**
 * An `asm` becomes the instructions it is made of, over virtual registers: operands and the registers it names are registers of its own, so
 * that constraints, ties and clobbers need nothing more. Those it names are put in their places for calls only.
 *
 *     r1 = %0; call 5; %1 = r0        v30 = v20; r1 = v30; call 5; v31 = r0; v21 = v31
 *
 * Errors: CODEGEN_ASM.
 */
export function selectAsm(s: Selector, v: Asm & Inst): void {
  new AsmSelector(s, v).run()
}

/** An output: the register that the asm left it in. */
export function selectAsmOut(s: Selector, v: Inst & { op: "asmout" }): void {
  const from = s.asmOutputs.get(v.args[0])![v.index]
  s.bindResult(v, s.copy(from), false)
}

class AsmSelector {
  readonly #s: Selector
  readonly #asm: Asm & Inst
  readonly #code: AsmCode
  /** Slot at which each instruction starts, the end included. */
  readonly #starts: Int32Array
  /** Registers of the operands: outputs, then args. */
  readonly #operands: Reg[] = []
  /** Stand-ins of r0 to r9. */
  readonly #named: Reg[] = []
  /** Of those, the ones that were written by now. */
  readonly #written = new Set<number>()
  readonly #blocks = new Map<number, MBlock>()

  constructor(s: Selector, asm: Asm & Inst) {
    this.#s = s
    this.#asm = asm
    this.#code = assembleAsm(asm, n => immediateOf(s, asm, n))
    this.#starts = o.slotStarts(this.#code.insns)
  }

  run(): void {
    const s = this.#s
    const asm = this.#asm
    for (const { tied } of asm.outputs) {
      const r = s.newReg()
      if (tied >= 0) s.moveInto(r, asm.args[tied])
      this.#operands.push(r)
    }
    const texts = this.#code.insns
    asm.args.forEach((arg, i) => {
      const n = asm.outputs.length + i
      if (asm.outputs.some(out => out.tied === i) || !this.#mentions(n)) this.#operands.push(NO_REG)
      else {
        const r = s.newReg()
        s.moveInto(r, arg)
        this.#operands.push(r)
      }
    })
    s.asmOutputs.set(asm, this.#operands.slice(0, asm.outputs.length))
    const jumps = texts.some((_, i) => this.#target(i) !== undefined)
    if (jumps || asm.exits > 0) this.#clearUnwritten()
    const exit = asm.exits > 0 && s.plan.inRegister(asm) ? s.newReg() : NO_REG
    if (!jumps && asm.exits === 0 && texts.every(i => i.op !== o.OP_EXIT)) {
      for (let i = 0; i < texts.length; i++) this.#inst(i)
    } else this.#graph(exit)
    s.forget()
    if (exit !== NO_REG) s.bind(asm, exit)
  }

  #mentions(operand: number): boolean {
    return this.#code.insns.some(i => i.dst === o.FIRST_OPERAND + operand || i.src === o.FIRST_OPERAND + operand)
  }

  /** What a way through the asm may leave unwritten starts as zero: a register that was never written must not be read. */
  #clearUnwritten(): void {
    const s = this.#s
    this.#asm.outputs.forEach(({ tied }, n) => {
      if (tied < 0) s.emit(OP_MOV_IMM, this.#operands[n], NO_REG, 0, 0)
    })
    const named = new Set<number>()
    for (const i of this.#code.insns) {
      const r = roles(i as MInst)
      if ((r & DEF_DST) !== 0 && i.dst < o.R10) named.add(i.dst)
      if (i.op === o.OP_CALL) named.add(o.R0)
    }
    for (const r of named) s.emit(OP_MOV_IMM, this.#register(r), NO_REG, 0, 0)
  }

  /** Index of the instruction that one jumps to; undefined for one that does not jump. */
  #target(i: number): number | undefined {
    const distance = o.jumpDistance(this.#code.insns[i])
    if (distance === undefined) return undefined
    const slot = this.#starts[i] + 1 + distance
    const { end } = this.#code
    const past = slot - this.#starts[end]
    const at = past > 0 ? end + past : this.#starts.indexOf(slot)
    if (at >= 0 && at <= end + this.#asm.exits) return at
    throw this.#error("jumps to a place outside of the asm")
  }

  /** Instructions with jumps among them: a block from each place that is jumped to, and behind each jump. */
  #graph(exit: Reg): void {
    const s = this.#s
    const { insns, end } = this.#code
    const after = s.newBlock()
    const leaders = new Set<number>()
    insns.forEach((insn, i) => {
      const target = this.#target(i)
      if (target !== undefined) leaders.add(target)
      if (target !== undefined || insn.op === o.OP_EXIT) leaders.add(i + 1)
    })
    for (const at of leaders) if (at < end) this.#blocks.set(at, s.newBlock())
    const left = new Map<number, MBlock>()
    const leave = (at: number): MBlock => {
      const known = this.#blocks.get(at) ?? left.get(at)
      if (known !== undefined) return known
      const block = s.newBlock()
      left.set(at, block)
      return block
    }
    let open = true
    for (let i = 0; i < end; i++) {
      const start = this.#blocks.get(i)
      if (start !== undefined) {
        if (open) s.block.term = makeTerm("jump", [start], s.span)
        s.enter(start)
        open = true
      }
      const insn = insns[i]
      const target = this.#target(i)
      if (insn.op === o.OP_EXIT) {
        s.move(o.R0, this.#read(o.R0))
        s.block.term = { ...makeTerm("exit", [], s.span), dst: o.R0 }
        open = false
      } else if (insn.op === o.OP_JA || insn.op === o.OP_JA32) {
        s.block.term = makeTerm("jump", [leave(target!)], s.span)
        open = false
      } else if (target !== undefined) {
        this.#branch(insn, leave(target), leave(i + 1))
        open = false
      } else this.#inst(i)
    }
    if (open) s.block.term = makeTerm("jump", [leave(end)], s.span)
    for (const [at, block] of [...left].sort(([a], [b]) => a - b)) {
      s.enter(block)
      if (exit !== NO_REG) s.emit(OP_MOV_IMM, exit, NO_REG, 0, at - end)
      block.term = makeTerm("jump", [after], s.span)
    }
    s.enter(after)
  }

  #branch(insn: o.Insn, then: MBlock, other: MBlock): void {
    const term = makeTerm("br", [then, other], this.#s.span)
    term.op = insn.op & o.BPF_OP_MASK
    term.wide = (insn.op & o.BPF_CLASS_MASK) === o.BPF_JMP
    term.imm = insn.imm
    if (insn.op !== o.OP_MAY_GOTO) {
      term.dst = this.#read(insn.dst)
      if ((insn.op & o.BPF_X) !== 0) term.src = this.#read(insn.src)
    }
    this.#s.block.term = term
  }

  /** Stand-in of a register that is written, or of an operand. */
  #register(r: number): Reg {
    if (r === o.R10) return r
    if (r >= o.FIRST_OPERAND) return this.#operands[r - o.FIRST_OPERAND]
    this.#written.add(r)
    this.#named[r] ??= this.#s.newReg()
    return this.#named[r]
  }

  #read(r: number): Reg {
    if (r < o.R10 && !this.#written.has(r)) throw this.#error(`reads r${r}, which it has not written`)
    return this.#register(r)
  }

  #inst(i: number): void {
    const s = this.#s
    const insn = this.#code.insns[i]
    if (insn.op === o.OP_CALL) {
      this.#call(i)
      return
    }
    if (insn.op === o.OP_CALLX) throw this.#error("calls through a register")
    const r = roles(insn as MInst)
    const uses = (r & USE_DST) !== 0
    const dst = uses ? this.#read(insn.dst) : insn.dst
    const src = (r & USE_SRC) !== 0 ? this.#read(insn.src) : NO_REG
    const packet = isPacketLoad(insn as MInst)
    const swap =
      insn.imm === o.BPF_CMPXCHG && (r & USE_SRC) !== 0 && (insn.op & ~o.BPF_SIZE_MASK) === (o.BPF_STX | o.BPF_ATOMIC)
    if (packet) s.move(o.R6, this.#read(o.R6))
    if (swap) s.move(o.R0, this.#read(o.R0))
    const target = (r & DEF_DST) !== 0 && !uses ? this.#register(insn.dst) : dst
    const made = s.emit(insn.op, packet ? NO_REG : target, src, insn.off, insn.imm)
    if ((r & DEF_SRC) !== 0) made.src = this.#register(insn.src)
    if (insn.op === o.OP_LDDW) {
      made.imm64 = insn.imm64 ?? 0
      made.sym = this.#address(i)
    }
    if (packet) this.#afterCall()
    if (packet || swap) s.move(this.#register(o.R0), o.R0)
  }

  /** Arguments go to their registers: as many as the helper takes, else those written by now. */
  #call(i: number): void {
    const s = this.#s
    const insn = this.#code.insns[i]
    const symbol = this.#symbol(i)
    if (insn.src === o.BPF_PSEUDO_CALL && symbol === undefined) throw this.#error("calls a place in itself")
    const helper = symbol === undefined && insn.src === 0 ? o.helperById(insn.imm) : undefined
    let count = 0
    for (let r = o.R1; r <= o.R5; r++) if (this.#written.has(r)) count = r
    count = Math.min(count, helper?.args.length ?? count)
    for (let r = o.R1; r <= count; r++) {
      if (this.#written.has(r)) s.move(r, this.#register(r))
      else s.emit(OP_MOV_IMM, r, NO_REG, 0, 0)
    }
    const call = s.emit(o.OP_CALL, NO_REG, NO_REG, 0, symbol === undefined ? insn.imm : 0)
    call.nargs = count
    if (symbol !== undefined)
      call.sym = symbol.kind === "kfunc" ? { kind: "kfunc", name: symbol.name } : { kind: "call", name: symbol.name }
    this.#afterCall()
    s.move(this.#register(o.R0), o.R0)
  }

  #afterCall(): void {
    for (let r = o.R1; r <= o.R5; r++) this.#written.delete(r)
  }

  #symbol(i: number): AsmSymbol | undefined {
    const name = this.#code.symbols.get(i)?.name
    return name === undefined ? undefined : this.#asm.symbols.find(symbol => symbol.name === name)
  }

  #address(i: number): MSymbol | undefined {
    const symbol = this.#symbol(i)
    return symbol && addressSymbol(this.#s.context, symbol, this.#code.symbols.get(i)?.offset ?? 0)
  }

  #error(what: string): SkepError {
    return asmError(this.#asm, what)
  }
}

/** What an `lddw` of a name in assembler text loads. */
export function addressSymbol({ globals }: Selector["context"], { kind, name }: AsmSymbol, offset: number): MSymbol {
  if (kind === "global") return placeOf(globals.get(name)!, offset)
  return kind === "kfunc" ? { kind: "ksym", name, typed: true, weak: false } : { kind, name }
}

export function asmError({ span }: Asm & Inst, what: string): SkepError {
  return new SkepError({
    code: "CODEGEN_ASM",
    message: `the asm ${what}`,
    span,
    hint: "give it what it needs as an operand",
  })
}

function immediateOf(s: Selector, asm: Asm & Inst, operand: number): bigint {
  const arg = asm.args[operand - asm.outputs.length]
  if (arg.kind === "const") return BigInt.asIntN(arg.type === "i32" ? 32 : 64, arg.value)
  throw asmError(asm, `needs a constant as operand ${operand}, in ${s.ir.name}`)
}
