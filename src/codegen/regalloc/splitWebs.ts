import { isVirtual, type MFunction, type Reg } from "../mir/mir.ts"
import { DEF_DST, DEF_SRC, roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import type { Homes } from "./homes.ts"
import type { Liveness } from "./liveness.ts"

/**
 * Gives each connected part of a register's definitions and uses a register of its own, for those in `which`:
 *
 *     v1 = …; use v1; v1 = home; use v1      v1 = …; use v1; v9 = home; use v9
 *
 * Returns whether there are new registers.
 */
export function splitWebs(fn: MFunction, { liveIn }: Liveness, which: ReadonlySet<Reg>, homes: Homes): boolean {
  const parent: number[] = []
  const owner: Reg[] = []
  const node = (r: Reg): number => {
    owner.push(r)
    return parent.push(parent.length) - 1
  }
  const find = (n: number): number => {
    while (parent[n] !== n) n = parent[n] = parent[parent[n]]
    return n
  }
  const entries = new Map<number, Map<Reg, number>>()
  for (const { id } of fn.blocks) {
    const entry = new Map<Reg, number>()
    for (const r of liveIn[id]) if (which.has(r)) entry.set(r, node(r))
    entries.set(id, entry)
  }
  // Node of each operand, in the order in which the second walk meets them.
  const operands: number[] = []
  for (const { id, insts, term } of fn.blocks) {
    const current = new Map(entries.get(id))
    for (const i of insts) {
      const r = roles(i)
      const dst = (r & (USE_DST | DEF_DST)) !== 0 && isVirtual(i.dst) && which.has(i.dst)
      const src = (r & (USE_SRC | DEF_SRC)) !== 0 && isVirtual(i.src) && which.has(i.src)
      // What is read and written in one place stays one register.
      if (dst && (r & USE_DST) !== 0) operands.push(current.get(i.dst)!)
      if (src) operands.push(current.get(i.src)!)
      if (dst && (r & USE_DST) === 0) {
        const n = node(i.dst)
        current.set(i.dst, n)
        operands.push(n)
      }
    }
    if (isVirtual(term.dst) && which.has(term.dst)) operands.push(current.get(term.dst)!)
    if (isVirtual(term.src) && which.has(term.src)) operands.push(current.get(term.src)!)
    for (const target of term.targets) {
      for (const [r, n] of entries.get(target.id)!) parent[find(n)] = find(current.get(r)!)
    }
  }
  const names = new Map<number, Reg>()
  const taken = new Set<Reg>()
  let at = 0
  const rename = (): Reg => {
    const root = find(operands[at++])
    let name = names.get(root)
    if (name !== undefined) return name
    const whole = owner[root]
    if (!taken.has(whole)) {
      taken.add(whole)
      name = whole
    } else {
      name = fn.nextReg++
      homes.inherit(name, whole)
    }
    names.set(root, name)
    return name
  }
  for (const { insts, term } of fn.blocks) {
    for (const i of insts) {
      const r = roles(i)
      const dst = (r & (USE_DST | DEF_DST)) !== 0 && isVirtual(i.dst) && which.has(i.dst)
      const src = (r & (USE_SRC | DEF_SRC)) !== 0 && isVirtual(i.src) && which.has(i.src)
      const writesOnly = dst && (r & USE_DST) === 0
      if (dst && !writesOnly) i.dst = rename()
      if (src) i.src = rename()
      if (writesOnly) i.dst = rename()
    }
    if (isVirtual(term.dst) && which.has(term.dst)) term.dst = rename()
    if (isVirtual(term.src) && which.has(term.src)) term.src = rename()
  }
  return names.size > taken.size
}
