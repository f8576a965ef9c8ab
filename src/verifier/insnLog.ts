import type { BtfLineInfo } from "../btf/index.ts"
import { formatInsn, OP_CALL, OP_LDDW } from "../isa/index.ts"
import type { Env } from "./env.ts"
import { formatFrame } from "./printState.ts"

/** The column behind an instruction where its state starts, and how far it moves where the instruction is longer. */
const COLUMN = 40
const STEP = 8

/** An instruction in the log, with the state that it led to once that is known. */
interface Told {
  readonly slot: number
  state: (() => string) | undefined
}

/** The part of the log that tells instructions, what they changed, and their lines in the source. */
export class InsnLog {
  readonly #env: Env
  /** Registers of the current frame that the instruction touched, a bit each: they are told after it. */
  regs = 0
  /** Slots of the stack that it touched, whoseever frame they are in, as two words. */
  #lowSlots = 0
  #highSlots = 0
  #lastLine: BtfLineInfo | undefined
  #lineIndex = 0
  #last: Told | undefined
  #position = -1

  constructor(env: Env) {
    this.#env = env
  }

  /** A slot of the stack was touched. */
  slot(index: number): void {
    if (index < 32) this.#lowSlots |= 1 << index
    else this.#highSlots |= 1 << (index - 32)
  }

  /** Everything. */
  all(): void {
    this.regs = 0x7ff
    this.#lowSlots = this.#highSlots = -1
  }

  forget(): void {
    this.regs = this.#lowSlots = this.#highSlots = 0
  }

  /** The line of the source that a slot belongs to, when it is another one than was told last. */
  line(slot: number, prefix: string): void {
    const { input, log } = this.#env
    const lines = input.lineInfo
    if (lines === undefined || lines.length === 0 || !log.on) return
    let i = this.#lineIndex
    if (i >= lines.length || lines[i].insn > slot) i = 0
    while (i + 1 < lines.length && lines[i + 1].insn <= slot) i++
    this.#lineIndex = i
    const line = lines[i]
    const last = this.#lastLine
    if (last === line || (last !== undefined && last.line === line.line && last.file === line.file)) return
    this.#lastLine = line
    const file = line.file.slice(line.file.lastIndexOf("/") + 1)
    log.add(`${prefix}${line.text.trimStart()} @ ${file}:${line.line}\n`)
  }

  /** The instruction that the walk is at. */
  insn(): void {
    const { log, slot } = this.#env
    const env = this.#env
    const told: Told = { slot, state: undefined }
    log.add(() => {
      const text = `${slot}: ${insnText(env, slot)}`
      if (told.state === undefined) return `${text}\n`
      const length = text.length + 1
      const column = Math.ceil(Math.max(length + STEP / 2, COLUMN) / STEP) * STEP
      return `${text}${" ".repeat(column - length - 1)};${told.state()}\n`
    })
    this.#last = told
    this.#position = log.position
  }

  /** What was touched since: behind the last instruction where nothing was told since, else in a line of its own. */
  changes(): void {
    const { log, state, frame, slot } = this.#env
    const [low, high] = [this.#lowSlots, this.#highSlots]
    if (!log.on || (this.regs === 0 && low === 0 && high === 0)) return
    const { regs } = this
    const kept = frame.copy()
    const references = state.references
    const text = (): string =>
      formatFrame(references, kept, { regs, slot: i => ((i < 32 ? low >>> i : high >>> (i - 32)) & 1) === 1 })
    if (this.#last !== undefined && this.#position === log.position) this.#last.state = text
    else log.add(() => `${slot}:${text()}\n`)
    this.#last = undefined
    this.forget()
  }

  /** The whole of a frame, behind a text. */
  whole(title: string, references = this.#env.state.references, frame = this.#env.frame): void {
    if (!this.#env.log.on) return
    const kept = frame.copy()
    this.#env.log.add(() => `${title}${formatFrame(references, kept)}\n`)
  }
}

/** Which registers are read later, before each instruction, behind the number of the loop that it is in. */
export function tellLiveRegisters(env: Env): void {
  const { code, log, marks } = env
  log.add("Live regs before insn:\n")
  for (let slot = 0; slot < code.count; slot++) {
    const loop = marks.loop[slot] === 0 ? "" : `${marks.loop[slot]}`
    let live = ""
    for (let i = 0; i < 10; i++) live += marks.liveBefore[slot] & (1 << i) ? i : "."
    log.add(`${loop.padStart(3)} ${`${slot}`.padStart(3)}: ${live} ${insnText(env, slot)}\n`)
    if (code.op[slot] === OP_LDDW) slot++
  }
}

/** An instruction as the kernel disassembles it, with names of what it calls. */
export function insnText(env: Env, slot: number): string {
  const { code, mapAt } = env
  const insn = code.insn(slot)
  const map = mapAt[slot]
  if (map !== undefined) {
    const kind = insn.src === 2 || insn.src === 6 ? "mapValue" : "map"
    return formatInsn(insn, "kernel", { kind, name: map.name, offset: insn.imm64 })
  }
  if (insn.op === OP_CALL && insn.src === 2) {
    const name = env.input.kernelBtf === undefined ? "kernel-function" : kfuncName(env, insn.imm, insn.off)
    return formatInsn(insn, "kernel", { kind: "call", name: `${name}#${insn.imm}` })
  }
  return formatInsn(insn)
}

function kfuncName(env: Env, id: number, off: number): string {
  const { kernelBtf, modules, fdArray } = env.input
  const btf = off === 0 ? kernelBtf : modules?.get(fdArray?.[off] ?? -1)
  return btf !== undefined && id > 0 && id < btf.count ? btf.name(id) : "kernel-function"
}
