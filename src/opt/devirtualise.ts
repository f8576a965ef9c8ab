import type { Callee, IrFunction, Value } from "../ir/index.ts"

/**
 * Calls through a pointer that is known become calls of what it points to: functions that take a function and are inlined leave them.
 *
 *     %1 = funcaddr @twice             →
 *     %2 = call pointer(%1, %x)            %2 = call @twice(%x)
 */
export function devirtualise(func: IrFunction, returns: (name: string) => IrFunction | undefined): boolean {
  let changed = false
  for (const block of func.blocks) {
    for (const inst of block.insts) {
      if (inst.op !== "call" || inst.callee.kind !== "pointer") continue
      const callee = calleeOf(inst.args[0])
      if (callee === undefined || callee.name === func.name) continue
      const target = callee.kind === "function" ? returns(callee.name) : undefined
      const args = inst.args.slice(1)
      // A function that is called as what it is not stays an error.
      if (target !== undefined && (target.ret !== inst.type || !fits(target, args))) continue
      inst.callee = callee
      inst.args = args
      changed = true
    }
  }
  return changed
}

const fits = ({ params }: IrFunction, args: readonly Value[]): boolean =>
  params.length === args.length && params.every((p, i) => p.type === args[i].type)

/** What a pointer to a function calls. The number of a helper is its address. */
function calleeOf(v: Value): Callee | undefined {
  if (v.kind === "const") return { kind: "helper", id: Number(v.value), name: `helper_${v.value}` }
  if (v.kind !== "inst") return undefined
  if (v.op === "funcaddr") return { kind: "function", name: v.func }
  return v.op === "ksymaddr" ? { kind: "kfunc", name: v.name, ...(v.weak && { weak: true }) } : undefined
}
