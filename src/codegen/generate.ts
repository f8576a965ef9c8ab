import { SkepError } from "../base/index.ts"
import type { IrFunction, Module, ProgramInfo } from "../ir/index.ts"
import type { BpfObject, FunctionDebug, FunctionSpec, MapSpec, ProgramSpec } from "../object/index.ts"
import { describeFunction } from "./debug/describe.ts"
import { PlaceTable } from "./debug/places.ts"
import { assemble } from "./emit/assemble.ts"
import { cleanUp } from "./emit/cleanup.ts"
import { hoistConstants } from "./emit/hoist.ts"
import { LineTable } from "./emit/lines.ts"
import { orderBlocks } from "./emit/order.ts"
import { peephole } from "./emit/peephole.ts"
import { mergeTails } from "./emit/tailMerge.ts"
import { checkFrame } from "./frame/check.ts"
import { layoutFrame } from "./frame/layout.ts"
import { findMentions } from "./frame/mentions.ts"
import { selectFunction } from "./isel/select.ts"
import type { SelectContext } from "./isel/selector.ts"
import type { MFunction } from "./mir/mir.ts"
import { printMachine } from "./mir/print.ts"
import { threadConstants } from "./mir/thread.ts"
import { generateNaked } from "./naked.ts"
import type { CodegenOptions, DumpStage } from "./options.ts"
import { allocateRegisters } from "./regalloc/allocate.ts"
import { AllocationChecker } from "./regalloc/check.ts"
import { commuteOperands } from "./regalloc/commute.ts"
import { computeLiveness } from "./regalloc/liveness.ts"

/**
 * Makes BPF code of a module: its programs, and the subprograms that they call or pass as callbacks. The module's functions are not changed;
 * its type table gets the strings of the line info and is encoded. The same module gives the same object.
 *
 * Errors: CODEGEN_STACK (more than 512 bytes of stack), CODEGEN_ATOMIC (not in this instruction set level), CODEGEN_ARGUMENTS,
 * CODEGEN_NO_FUNCTION, IR_UNDEFINED_FUNCTION (one that no pass could remove the call of), CODEGEN_ADDRESS (a table of addresses that cannot be filled in).
 */
export function generate(module: Module, options: CodegenOptions): BpfObject {
  const lines = new LineTable()
  const context: SelectContext = { options, globals: new Map(module.globals.map(g => [g.name, g])) }
  const byName = new Map(module.functions.map(f => [f.name, f]))
  const done = new Map<string, FunctionSpec>()
  const later: Later[] = []
  const compile = (ir: IrFunction): FunctionSpec => {
    let spec = done.get(ir.name)
    if (spec === undefined) done.set(ir.name, (spec = generateFunction(ir, context, lines, later)))
    return spec
  }
  const programs = module.programs.map(info => toProgram(info, compile(find(byName, info.func))))
  const subprograms = module.functions.filter(f => f.role === "global" || f.hidden)
  const external = new Set(module.externs?.map(e => e.name))
  const reached = new Set<string>(subprograms.map(f => f.name))
  const work: FunctionSpec[] = [...programs, ...subprograms.map(compile)]
  for (let spec = work.pop(); spec !== undefined; spec = work.pop()) {
    for (const r of spec.relocations) {
      const missing = r.kind === "call" ? module.undefined?.get(r.function) : undefined
      if (missing !== undefined) throw missing
      if ((r.kind !== "call" && r.kind !== "function") || reached.has(r.function) || external.has(r.function)) continue
      reached.add(r.function)
      work.push(compile(find(byName, r.function)))
    }
  }
  for (const { file, text } of lines.lines) {
    module.btf.addString(file)
    module.btf.addString(text)
  }
  const functions = module.functions.filter(f => reached.has(f.name)).map(f => done.get(f.name)!)
  const used = usedNames([...programs, ...functions], module.maps)
  const externs = module.externs?.filter(e => used.has(e.name)) ?? []
  const object: BpfObject = {
    name: module.name,
    license: module.license,
    programs,
    functions,
    maps: module.maps,
    btf: module.btf.encode(used),
    ...(externs.length > 0 && { externs }),
    lines: lines.lines,
  }
  return later.length === 0 ? object : withDebug(object, module, later)
}

/** Describes a function's variables: done when the BTF is written, which must not hold their types. */
interface Later {
  readonly name: string
  readonly describe: (places: PlaceTable) => FunctionDebug
}

function withDebug(object: BpfObject, module: Module, later: readonly Later[]): BpfObject {
  const places = new PlaceTable()
  const made = new Map(later.map(({ name, describe }) => [name, describe(places)]))
  const described = <F extends FunctionSpec>(spec: F): F => {
    const debug = made.get(spec.name)
    return debug === undefined ? spec : { ...spec, debug }
  }
  return {
    ...object,
    programs: object.programs.map(described),
    functions: object.functions.map(described),
    debug: { btf: module.btf.encode(), files: places.files },
  }
}

/** Names that instructions and initial data refer to. */
function usedNames(specs: readonly FunctionSpec[], maps: readonly MapSpec[]): ReadonlySet<string> {
  const used = new Set<string>()
  for (const { relocations } of specs) {
    for (const r of relocations) used.add("function" in r ? r.function : "name" in r ? r.name : r.map)
  }
  for (const { dataRelocations = [], values = [], kconfig = [] } of maps) {
    for (const { target } of dataRelocations) used.add(target)
    for (const { map, program } of values) used.add(map ?? program ?? "")
    for (const { name } of kconfig) used.add(name)
  }
  return used
}

function find(functions: ReadonlyMap<string, IrFunction>, name: string): IrFunction {
  const found = functions.get(name)
  if (found !== undefined) return found
  throw new SkepError({
    code: "CODEGEN_NO_FUNCTION",
    message: `there is no function named ${name}`,
    hint: "Define the function, or declare it as a kernel function (__ksym) if the kernel has it.",
  })
}

function toProgram(info: ProgramInfo, spec: FunctionSpec): ProgramSpec {
  return {
    ...spec,
    section: info.section,
    ...(info.type !== undefined && { type: info.type }),
    ...(info.attach !== undefined && { attach: info.attach }),
    ...info.load,
  }
}

function generateFunction(ir: IrFunction, context: SelectContext, lines: LineTable, later: Later[]): FunctionSpec {
  const { options } = context
  const linkage = ir.role === "program" || ir.role === "global" ? "global" : "static"
  const { name, btfId, weak, hidden } = ir
  const facts = { name, btfId, linkage, ...(weak && { weak }), ...(hidden && { hidden }) } as const
  if (ir.naked) return { ...facts, ...generateNaked(ir, context, lines) }
  const show = (stage: DumpStage, fn: MFunction) => {
    if (options.dump?.stages.has(stage)) options.dump.write(stage, ir.name, printMachine(fn))
  }
  const fn = selectFunction(ir, context)
  threadConstants(fn)
  show("isel", fn)
  const mentions = findMentions(fn)
  const liveness = computeLiveness(fn)
  commuteOperands(fn, liveness)
  const checker = options.check ? new AllocationChecker(fn) : undefined
  allocateRegisters(fn, liveness)
  show("regalloc", fn)
  checker?.check()
  cleanUp(fn)
  peephole(fn)
  cleanUp(fn)
  // Functions that call each other share 512 bytes of stack.
  const chained = ir.role !== "program" || fn.blocks.some(b => b.insts.some(i => i.sym?.kind === "call"))
  layoutFrame(fn, mentions, chained)
  if (options.check) checkFrame(fn, mentions)
  mergeTails(fn)
  cleanUp(fn)
  if (hoistConstants(fn)) {
    mergeTails(fn)
    cleanUp(fn)
  }
  const order = orderBlocks(fn, options.cpu)
  fn.blocks = [...order]
  show("layout", fn)
  const { map, ...code } = assemble(fn, order, options.cpu, lines)
  if (map !== undefined) later.push({ name, describe: places => describeFunction(fn, map, places) })
  return { ...facts, ...code }
}
