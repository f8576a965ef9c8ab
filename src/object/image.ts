import { SkepError } from "../base/index.ts"
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, type Insn, OP_LDDW } from "../isa/index.ts"
import { exceptionCallback } from "./exceptionCallback.ts"
import type { BpfObject, FunctionSpec, LineInfo, ProgramSpec, Relocation } from "./object.ts"

/** One function's place in an image. */
export interface Placed {
  readonly spec: FunctionSpec
  /** Slot of its first instruction. */
  readonly slot: number
  /** Slots of its instructions, counted in the image. */
  readonly slots: Int32Array
  /** Index of its first instruction in the image. */
  readonly first: number
}

/**
 * A program and the subprograms it reaches, one after another, as machines take them. Calls are resolved;
 * relocations of maps and kernel functions are left, by index of instruction.
 */
export interface Image {
  readonly insns: Insn[]
  readonly slotCount: number
  readonly functions: readonly Placed[]
  readonly relocations: readonly Exclude<Relocation, { kind: "call" | "function" }>[]
  /** Instructions that cannot run in this kernel, by index, and why. */
  readonly poisoned: Map<number, string>
}

/**
 * Puts a program and what it calls together. Jumps are relative, so only calls and addresses of subprograms change:
 *
 *     call f          src = BPF_PSEUDO_CALL, imm = slot of f − slot of the call − 1
 *     rN = f ll       src = BPF_PSEUDO_FUNC, imm = slot of f − slot of the load − 1
 *
 * What the program names to run when it throws comes along. The object is not changed. Throws `KERNEL_NO_FUNCTION` for a name that the object does not have.
 */
export function makeImage(program: ProgramSpec, object: BpfObject): Image {
  const byName = new Map(object.functions.map(f => [f.name, f]))
  const placed = new Map<FunctionSpec, Placed>()
  const order: Placed[] = []
  const insns: Insn[] = []
  let slot = 0

  const place = (spec: FunctionSpec): Placed => {
    const slots = new Int32Array(spec.insns.length)
    const here: Placed = { spec, slot, slots, first: insns.length }
    for (let i = 0; i < spec.insns.length; i++) {
      slots[i] = slot
      slot += spec.insns[i].op === OP_LDDW ? 2 : 1
      insns.push(spec.insns[i])
    }
    placed.set(spec, here)
    order.push(here)
    return here
  }
  const relocations: Image["relocations"][number][] = []
  /** Places what a function calls behind it, and what that calls behind that: the order that libbpf has, too. */
  const follow = ({ spec, first, slots }: Placed): void => {
    for (const relocation of spec.relocations) {
      checkPlace(spec, relocation)
      if (relocation.kind !== "call" && relocation.kind !== "function") {
        relocations.push({ ...relocation, insn: first + relocation.insn })
        continue
      }
      const target = byName.get(relocation.function)
      if (target === undefined) throw noFunction(spec, relocation.function, object)
      let to = placed.get(target)
      if (to === undefined) follow((to = place(target)))
      const src = relocation.kind === "call" ? BPF_PSEUDO_CALL : BPF_PSEUDO_FUNC
      const at = first + relocation.insn
      insns[at] = { ...insns[at], src, imm: to.slot - slots[relocation.insn] - 1 }
    }
  }

  follow(place(program))
  const atThrow = exceptionCallback(program, object)
  if (atThrow !== undefined) {
    const callback = byName.get(atThrow)
    if (callback === undefined) throw noFunction(program, atThrow, object)
    if (!placed.has(callback)) follow(place(callback))
  }
  const poisoned = new Map(
    order.flatMap(({ spec, first }) => (spec.poisoned ?? []).map(({ insn, why }) => [first + insn, why] as const)),
  )
  return { insns, slotCount: slot, functions: order, relocations, poisoned }
}

function checkPlace(spec: FunctionSpec, relocation: Relocation): void {
  if (relocation.insn >= 0 && relocation.insn < spec.insns.length) return
  throw new SkepError({
    code: "KERNEL_BAD_OBJECT",
    message: `a relocation of ${spec.name} is at instruction ${relocation.insn}, and there are ${spec.insns.length}`,
    hint: "the object was made wrongly: compile it again",
  })
}

function noFunction(spec: FunctionSpec, name: string, object: BpfObject): SkepError {
  if (object.externs?.some(e => e.name === name)) {
    return new SkepError({
      code: "KERNEL_NOT_LINKED",
      message: `${spec.name} needs ${name}, which another object defines`,
      hint: "link the objects before loading them: skep link a.o b.o -o both.o",
    })
  }
  return new SkepError({
    code: "KERNEL_NO_FUNCTION",
    message: `${spec.name} needs ${name}, which the object does not define`,
    hint: "define the function in the same program, or declare it as a kernel function",
  })
}

/** Why the instruction at a slot cannot run in this kernel; undefined for all others. */
export function poisonAt(image: Image, slot: number): string | undefined {
  for (const { slots, first } of image.functions) {
    const index = slots.indexOf(slot)
    if (index >= 0) return image.poisoned.get(first + index)
  }
  return undefined
}

/** The function and the entry of its line info that a slot of the image belongs to. */
export function findLine(image: Image, slot: number): { placed: Placed; line: LineInfo | undefined } | undefined {
  const placed = image.functions.findLast(f => f.slot <= slot)
  if (placed === undefined || slot >= image.slotCount) return undefined
  return { placed, line: placed.spec.lineInfo.findLast(l => placed.slots[l.insn] <= slot) }
}
