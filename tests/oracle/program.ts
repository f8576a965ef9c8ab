import { SourceFile } from "../../src/base/index.ts"
import type { BpfUnit } from "../../src/bcc/index.ts"
import { Diagnostics, type FunctionDecl, type IncludeResolver, parse, preprocess } from "../../src/c/index.ts"
import { type CpuLevel, generate } from "../../src/codegen/index.ts"
import { lower } from "../../src/ir/index.ts"
import type { BpfObject } from "../../src/object/index.ts"
import { optimise } from "../../src/opt/index.ts"
import { kernel } from "../support/kernel.ts"

export interface ProgramText {
  readonly name: string
  readonly text: string
  /** The function that is run. */
  readonly entry: string
  readonly resolve?: IncludeResolver
}

/** Plain C: functions stay functions, the entry is the only program, `bpf_…` functions are the kernel's. */
function programUnit({ name, text, entry, resolve }: ProgramText): BpfUnit {
  const diagnostics = new Diagnostics()
  const tokens = preprocess(new SourceFile(name, text), { diagnostics, resolve })
  const unit = parse(name, tokens, diagnostics)
  diagnostics.throwIfErrors()
  const functions = unit.decls.filter((d): d is FunctionDecl => d.kind === "function")
  for (const decl of functions) if (decl.name.startsWith("bpf_")) Object.assign(decl, { kfunc: true })
  const decl = functions.find(d => d.name === entry)!
  return {
    unit,
    maps: [],
    subprograms: [],
    externs: [],
    structOps: [],
    programs: [{ decl, section: "tc" }],
    license: "GPL",
  }
}

/** Compiles a whole program of plain C for levels of the instruction set. @throws SkepError where it cannot be compiled */
export function compileProgram(program: ProgramText, levels: readonly CpuLevel[]): BpfObject[] {
  const module = lower(programUnit(program))
  optimise(module)
  return levels.map(cpu => generate(module, { cpu }))
}

/** Loads an object and runs its function `entry` once on this machine's kernel: its result. */
export function runObject(object: BpfObject, entry: string): number {
  using loaded = kernel().load(object, { lazy: true })
  const program = loaded.program(entry, { type: "sched_cls" })
  return program.testRun({ data: new Uint8Array(64) }).retval
}
