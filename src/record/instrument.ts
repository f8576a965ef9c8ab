import { type CallInst, type IrFunction, i32, type Module } from "../ir/index.ts"
import { READS, readFunction, startFunction } from "./prelude.ts"

/** What of a program's context can be read when it begins: bytes from its start. */
export type ContextSize = (program: string) => number

const recorded: ReadonlySet<number> = new Set(READS)

/**
 * Makes a program tell what it reads: each program calls the function that tells of its start, and calls of helpers that read memory go to the
 * functions that pass on what was read. They come with `recordingText`. The program computes what it did before.
 *
 *     func @f(ptr %ctx) {                       func @f(ptr %ctx) {
 *       %1 = call helper 113 (%d, 4, %p)   ⇒      call @__skep_start(%ctx, 0, 168)
 *                                                 %1 = call @__skep_read_113(%d, 4, %p)
 */
export function instrument(module: Module, contextSize: ContextSize): void {
  const own = new Set<string>([startFunction, ...READS.map(readFunction)])
  for (const func of module.functions) {
    if (own.has(func.name)) continue
    for (const { insts } of func.blocks) {
      for (const inst of insts) {
        if (inst.op !== "call" || inst.callee.kind !== "helper" || !recorded.has(inst.callee.id)) continue
        inst.callee = { kind: "function", name: readFunction(inst.callee.id) }
      }
    }
    const program = module.programs.findIndex(one => one.func === func.name)
    if (program >= 0) tellStart(func, program, contextSize(func.name))
  }
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
