import { type CallInst, type Inst, type IrFunction, i32, type Load, type Module, type Value } from "../ir/index.ts"
import { loadFunction, READS, readFunction, startFunction } from "./prelude.ts"

/** What of a program's context can be read when it begins: bytes from its start. */
export type ContextSize = (program: string) => number

const recorded: ReadonlySet<number> = new Set(READS)

/**
 * Makes a program tell what it reads: each program calls the function that tells of its start, and calls of helpers that read memory go to the
 * functions that pass on what was read. They come with `recordingText`. The program computes what it did before.
 *
 * What programs with typed pointers (fentry, tp_btf, LSM) read by plain loads is told, too.
 *
 *     func @f(ptr %ctx) {                       func @f(ptr %ctx) {
 *       %1 = call helper 113 (%d, 4, %p)   ⇒      call @__skep_start(%ctx, 0, 168)
 *                                                 %1 = call @__skep_read_113(%d, 4, %p)
 */
export function instrument(module: Module, contextSize: ContextSize): void {
  const own = new Set<string>([startFunction, loadFunction, ...READS.map(readFunction)])
  const typed = module.programs.some(({ type }) => type !== undefined && TYPED.has(type))
  for (const func of module.functions) {
    if (own.has(func.name)) continue
    for (const { insts } of func.blocks) {
      for (const inst of insts) {
        if (inst.op !== "call" || inst.callee.kind !== "helper" || !recorded.has(inst.callee.id)) continue
        inst.callee = { kind: "function", name: readFunction(inst.callee.id) }
      }
    }
    if (typed) tellLoads(func)
    const program = module.programs.findIndex(one => one.func === func.name)
    if (program >= 0) tellStart(func, program, contextSize(func.name))
  }
}

/** Types of programs that read the kernel's memory by plain loads. */
const TYPED: ReadonlySet<string> = new Set(["tracing", "lsm"])

/**
 * Tells of each load that may be through a pointer of the kernel: all but those of the program's own variables and maps, and of its context. Values of
 * maps that are reached by a variable are told of as well, which does no harm: they have other addresses.
 */
function tellLoads(func: IrFunction): void {
  const contexts = new Set<Value>()
  if (func.role === "program") {
    contexts.add(func.params[0])
    for (const { insts } of func.blocks) {
      for (const { op, args } of insts) if (op === "store" && args[1] === func.params[0]) contexts.add(args[0])
    }
  }
  /** What a pointer begins with, and how many bytes behind that it points where that is a constant. */
  const rootOf = (pointer: Value): Value =>
    pointer.kind === "inst" && pointer.op === "ptradd" ? rootOf(pointer.args[0]) : pointer
  const mayBeKernel = (pointer: Value): boolean => {
    const root = rootOf(pointer)
    if (contexts.has(root) || root.kind !== "inst") return root.kind === "param" && !contexts.has(root)
    return root.op === "inttoptr" || (root.op === "load" && !contexts.has(root.args[0]))
  }
  for (const block of func.blocks) {
    block.insts = block.insts.flatMap(inst =>
      inst.op === "load" && mayBeKernel(inst.args[0]) ? [inst, ...tellLoad(func, inst)] : [inst],
    )
  }
}

/** Code behind a load that tells of it. The address is reckoned as a number: the verifier is not to see another pointer. */
function tellLoad(func: IrFunction, load: Load): Inst[] {
  const out: Inst[] = []
  const base = { kind: "inst", block: load.block, span: load.span } as const
  const number = (value: Value): Value => {
    if (value.type === "i64") return value
    const op = value.type === "ptr" ? "ptrtoint" : "zext"
    const made: Inst = { ...base, op, id: func.nextId++, type: "i64", args: [value] }
    out.push(made)
    return made
  }
  const address = (pointer: Value): Value => {
    if (pointer.kind !== "inst" || pointer.op !== "ptradd") return number(pointer)
    const args = [address(pointer.args[0]), number(pointer.args[1])]
    const sum: Inst = { ...base, op: "add", id: func.nextId++, type: "i64", args }
    out.push(sum)
    return sum
  }
  const callee = { kind: "function", name: loadFunction } as const
  const args = [address(load.args[0]), number(load), i32(load.width)]
  out.push({ ...base, op: "call", id: func.nextId++, type: "i64", callee, args })
  return out
}

function tellStart(func: IrFunction, program: number, size: number): void {
  const entry = func.blocks[0]
  const call: CallInst = {
    kind: "inst",
    op: "call",
    id: func.nextId++,
    type: "i64",
    callee: { kind: "function", name: startFunction },
    args: [func.params[0], i32(program), i32(size)],
    block: entry,
    span: func.span,
  }
  const at = entry.insts.findIndex(inst => inst.op !== "alloca")
  entry.insts.splice(at < 0 ? entry.insts.length : at, 0, call)
}
