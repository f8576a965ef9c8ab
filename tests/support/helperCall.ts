import * as isa from "../../src/isa/index.ts"
import type { Argument, Prototype } from "../../src/verifier/helpers/index.ts"

/** Bytes of stack that are initialised for helpers, at the end of the frame. */
const ROOM = 64

/** Initialises the stack and puts the context into R6. */
export function prologue(): isa.Insn[] {
  const insns = [isa.mov64Reg(6, 1)]
  for (let offset = -ROOM; offset < 0; offset += 8) insns.push(isa.storeImm(isa.BPF_DW, 10, offset, 0))
  return insns
}

/** Sets a register to what a helper wants there; undefined for what takes more than an instruction or two. `map` is a descriptor. */
export function rightArgument(argument: Argument, register: number, map?: number): isa.Insn[] | undefined {
  const stack = [isa.mov64Reg(register, 10), isa.alu64Imm(isa.BPF_ADD, register, -ROOM)]
  switch (argument.kind) {
    case "any":
      return [isa.mov64Imm(register, 0)]
    case "ctx":
      return [isa.mov64Reg(register, 6)]
    case "map":
      return map === undefined ? undefined : [isa.loadMapFd(register, map)]
    case "key":
    case "value":
    case "mem":
    case "stack":
      return stack
    case "size":
    case "const0":
      return [isa.mov64Imm(register, 8)]
    default:
      return undefined
  }
}

/** A program that calls a helper with arguments that it takes; undefined where there is an argument that cannot be made in passing. */
export function rightCall(id: number, prototype: Prototype, map?: number): isa.Insn[] | undefined {
  const insns = prologue()
  for (const [index, argument] of prototype.args.entries()) {
    const set = rightArgument(argument, index + 1, map)
    if (set === undefined) return undefined
    insns.push(...set)
  }
  return [...insns, isa.call(id), isa.mov64Imm(0, 0), isa.exit()]
}
