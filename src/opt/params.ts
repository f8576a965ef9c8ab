import { type CallInst, type Inst, type IrFunction, type Module, replaceValues, type Value } from "../ir/index.ts"

/** Calls of the module's functions by the callee's name. */
type Calls = ReadonlyMap<string, (CallInst & Inst)[]>

function callsOf(module: Module): Calls {
  const calls = new Map<string, (CallInst & Inst)[]>()
  for (const func of module.functions) {
    for (const block of func.blocks) {
      for (const inst of block.insts) {
        if (inst.op !== "call" || inst.callee.kind !== "function") continue
        const list = calls.get(inst.callee.name)
        if (list === undefined) calls.set(inst.callee.name, [inst])
        else list.push(inst)
      }
    }
  }
  return calls
}

/** Whether every call of a function is seen: nobody else calls it, and its code is what it says. */
const isClosed = (func: IrFunction): boolean => func.role === "static" && !func.naked

/**
 * Parameters of static functions that are the same constant in every call become that constant.
 *
 *     %1 = call @hash(%p, 14)          static func @hash(ptr %k, i32 %length)
 *     %2 = call @hash(%q, 14)      →       … %length is 14
 *
 * Callers are done before the functions they call; `prepare` is called on a function that has changed.
 */
export function constantParams(module: Module, prepare: (func: IrFunction) => void): void {
  const closed = module.functions.filter(f => isClosed(f) && f.params.length > 0)
  if (closed.length === 0) return
  let calls = callsOf(module)
  for (const func of callersFirst(module)) {
    if (!isClosed(func) || func.params.length === 0) continue
    const here = calls.get(func.name) ?? []
    const constants = new Map<Value, Value>()
    func.params.forEach((param, i) => {
      const value = onlyConstant(here.map(call => call.args[i]))
      if (value !== undefined) constants.set(param, value)
    })
    if (constants.size === 0) continue
    replaceValues(func, constants)
    prepare(func)
    calls = callsOf(module)
  }
}

/**
 * Parameters that a static function does not look at go, and the arguments with them.
 *
 *     %1 = call @f(%a, %b)     →     %1 = call @f(%a)      ; @f does not use its second parameter
 */
export function unusedParams(module: Module): void {
  let calls: Calls | undefined
  for (const func of module.functions) {
    if (!isClosed(func) || func.params.length === 0) continue
    const used = new Set<Value>()
    for (const block of func.blocks) {
      for (const user of [...block.phis, ...block.insts, block.term]) for (const arg of user.args) used.add(arg)
    }
    const kept = func.params.filter(param => used.has(param))
    if (kept.length === func.params.length) continue
    calls ??= callsOf(module)
    for (const call of calls.get(func.name) ?? []) call.args = call.args.filter((_, i) => used.has(func.params[i]))
    func.params = kept.map((param, index) => ({ ...param, index }))
    replaceValues(func, new Map(kept.map((param, i) => [param, func.params[i]])))
  }
}

/** The constant that all are. */
function onlyConstant(values: readonly Value[]): Value | undefined {
  const [first] = values
  if (first?.kind !== "const") return undefined
  return values.every(v => v.kind === "const" && v.value === first.value) ? first : undefined
}

/** The functions of a module, each after those that call it; there is no recursion. */
function callersFirst(module: Module): IrFunction[] {
  const byName = new Map(module.functions.map(f => [f.name, f]))
  const order: IrFunction[] = []
  const done = new Set<IrFunction>()
  const visit = (func: IrFunction): void => {
    if (done.has(func)) return
    done.add(func)
    for (const block of func.blocks) {
      for (const inst of block.insts) {
        const callee = inst.op === "call" && inst.callee.kind === "function" ? byName.get(inst.callee.name) : undefined
        if (callee !== undefined) visit(callee)
      }
    }
    order.push(func)
  }
  for (const func of module.functions) visit(func)
  return order.reverse()
}
