import * as o from "../../isa/index.ts"
import type { Code } from "../program.ts"
import { successors } from "./edges.ts"
import type { Marks } from "./marks.ts"

/**
 * Numbers the strongly connected components of a program's flow (Tarjan), calls left aside. A slot alone is one only
 * when it jumps to itself.
 */
export function findLoops(code: Code, marks: Marks): void {
  const { count } = code
  const index = new Int32Array(count)
  const low = new Int32Array(count)
  const onStack = new Uint8Array(count)
  const stack: number[] = []
  let nextIndex = 1
  let nextLoop = 1
  for (let root = 0; root < count; root++) {
    if (index[root] !== 0) continue
    const path = [root]
    const edges = [0]
    while (path.length > 0) {
      const slot = path[path.length - 1]
      const edge = edges[path.length - 1]++
      if (edge === 0) {
        index[slot] = low[slot] = nextIndex++
        onStack[slot] = 1
        stack.push(slot)
      }
      const targets = successors(code, slot)
      if (edge < targets.length) {
        const target = targets[edge]
        if (target >= count) continue
        if (index[target] === 0) {
          path.push(target)
          edges.push(0)
        } else if (onStack[target]) low[slot] = Math.min(low[slot], index[target])
        continue
      }
      path.pop()
      edges.pop()
      const parent = path[path.length - 1]
      if (parent !== undefined) low[parent] = Math.min(low[parent], low[slot])
      if (low[slot] !== index[slot]) continue
      const real = stack[stack.length - 1] !== slot || targets.includes(slot)
      for (let member = -1; member !== slot; ) {
        member = stack.pop() as number
        onStack[member] = 0
        if (real) marks.loop[member] = nextLoop
      }
      if (real) nextLoop++
    }
    if (code.op[root] === o.OP_LDDW) root++
  }
}
