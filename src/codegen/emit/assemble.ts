import type { Span } from "../../base/index.ts"
import * as o from "../../isa/index.ts"
import type { CoreRelocation, LineInfo, Relocation } from "../../object/index.ts"
import type { CodeMap } from "../debug/describe.ts"
import { type MBlock, type MFunction, type MInst, type MTerm, NO_REG, OP_FRAME_ADDR } from "../mir/mir.ts"
import type { CpuLevel } from "../options.ts"
import { inverseJump, jumpInsn } from "./branch.ts"
import { relaxJumps } from "./islands.ts"
import type { LineTable } from "./lines.ts"
import { pseudoSource, relocationOf } from "./symbol.ts"

/** The final code of a function. */
export interface Assembled {
  readonly insns: readonly o.Insn[]
  readonly relocations: readonly Relocation[]
  readonly core: readonly CoreRelocation[]
  readonly lineInfo: readonly LineInfo[]
  /** Set where the function has notes for debug information. */
  readonly map?: CodeMap
}

/** A jump whose distance is not known yet. */
interface Fixup {
  readonly insn: o.Insn
  readonly at: number
  readonly to: MBlock
}

/** Writes the blocks down in the order given. */
export function assemble(fn: MFunction, order: readonly MBlock[], cpu: CpuLevel, lines: LineTable): Assembled {
  const relaxed = relaxJumps(fn, order, cpu)
  return new Assembler(fn, cpu, lines, relaxed.far).run(relaxed.order)
}

class Assembler {
  readonly #fn: MFunction
  readonly #cpu: CpuLevel
  readonly #lines: LineTable
  readonly #insns: o.Insn[] = []
  readonly #relocations: Relocation[] = []
  readonly #core: CoreRelocation[] = []
  readonly #lineInfo: LineInfo[] = []
  readonly #fixups: Fixup[] = []
  readonly #far: ReadonlySet<MTerm>
  /** Where each instruction comes from. */
  readonly #spans: (Span | undefined)[] = []
  #span: Span | undefined
  #slot = 0
  #line = -1

  constructor(fn: MFunction, cpu: CpuLevel, lines: LineTable, far: ReadonlySet<MTerm>) {
    this.#fn = fn
    this.#cpu = cpu
    this.#lines = lines
    this.#far = far
  }

  run(order: readonly MBlock[]): Assembled {
    const starts = new Map<MBlock, number>()
    const map = this.#fn.notes && { order, starts: new Map(), ends: new Map(), behind: new Map(), spans: this.#spans }
    this.#place(this.#fn.ir.span)
    order.forEach((block, k) => {
      starts.set(block, this.#slot)
      map?.starts.set(block, this.#insns.length)
      for (const i of block.insts) {
        this.#inst(i)
        map?.behind.set(i, this.#insns.length)
      }
      this.#term(block.term, order[k + 1])
      map?.ends.set(block, this.#insns.length)
    })
    for (const { insn, at, to } of this.#fixups) {
      const distance = starts.get(to)! - at - 1
      if (insn.op === o.OP_JA32) insn.imm = distance
      else insn.off = distance
    }
    const parts = { insns: this.#insns, relocations: this.#relocations, core: this.#core, lineInfo: this.#lineInfo }
    return map === undefined ? parts : { ...parts, map }
  }

  /** A new entry of line info where the line changes. */
  #place(span: Span | undefined): void {
    this.#span = span
    const found = span === undefined ? undefined : this.#lines.find(span)
    if (found === undefined || found.line === this.#line) return
    this.#line = found.line
    const insn = this.#insns.length
    if (this.#lineInfo.at(-1)?.insn === insn) this.#lineInfo.pop()
    this.#lineInfo.push({ insn, line: found.line, column: found.column })
  }

  #push(insn: o.Insn): void {
    this.#insns.push(insn)
    this.#spans.push(this.#span)
    this.#slot += insn.imm64 === undefined ? 1 : 2
  }

  #inst(i: MInst): void {
    this.#place(i.span)
    if (i.core !== undefined) {
      const { relocation, btfType, access } = i.core
      this.#core.push({ insn: this.#insns.length, type: btfType, access, kind: relocation })
    }
    const depth = i.slot?.offset ?? 0
    if (i.op === OP_FRAME_ADDR) {
      this.#push(o.mov64Reg(i.dst, o.R10))
      if (depth + i.imm !== 0) this.#push(o.alu64Imm(o.BPF_ADD, i.dst, depth + i.imm))
      return
    }
    if (i.op === o.OP_LDDW) {
      this.#push(o.lddw(i.dst, this.#symbol(i), i.imm, i.imm64))
      return
    }
    if (i.op === o.OP_CALL) {
      this.#push({ op: i.op, dst: 0, src: this.#symbol(i), off: 0, imm: i.sym === undefined ? i.imm : 0 })
      return
    }
    const dst = i.dst === NO_REG ? 0 : i.dst
    const src = i.src === NO_REG ? 0 : i.src
    this.#push({ op: i.op, dst, src, off: i.off + depth, imm: i.imm })
  }

  /** Records what the loader fills in, and gives the pseudo source register that says so. */
  #symbol({ sym }: MInst): number {
    if (sym === undefined) return 0
    this.#relocations.push(relocationOf(sym, this.#insns.length))
    return pseudoSource(sym)
  }

  #term(term: MTerm, next: MBlock | undefined): void {
    this.#place(term.span)
    switch (term.kind) {
      case "jump":
        if (term.targets[0] !== next) this.#leave(term)
        return
      case "exit":
        this.#push(o.exit())
        return
      case "unreachable":
        // The kernel wants every path to end in an exit with a result.
        this.#push(o.mov64Imm(o.R0, 0))
        this.#push(o.exit())
        return
      case "br":
        this.#branch(term, next)
    }
  }

  /** A jump; to a block that only exits, the exit itself. */
  #leave(term: MTerm): void {
    const [to] = term.targets
    if (to.insts.length === 0 && to.term.kind === "exit") this.#push(o.exit())
    else this.#jump(this.#far.has(term) ? o.gotol(0) : o.goto(0), to)
  }

  #branch(term: MTerm, next: MBlock | undefined): void {
    const [then, other] = term.targets
    const inverse = then === next ? inverseJump(term, this.#cpu) : undefined
    if (inverse !== undefined) {
      this.#jump(inverse, other)
      return
    }
    this.#jump(jumpInsn(term), then)
    if (other !== next) this.#jump(o.goto(0), other)
  }

  #jump(insn: o.Insn, to: MBlock): void {
    this.#fixups.push({ insn, at: this.#slot, to })
    this.#push(insn)
  }
}
