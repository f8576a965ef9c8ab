import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { checkFunction } from "../check.ts"
import { removeUnreachable, splitEdge } from "../edit.ts"
import type { Block, IrFunction } from "../ir.ts"
import { parseFunction } from "../parse.ts"
import { DominatorTree } from "./dominators.ts"
import { findLoops } from "./loops.ts"
import { reversePostOrder } from "./order.ts"

/** A function with the graph of `0:1,2 1:2 2:` (block: successors, at most two each). */
function graph(edges: string): IrFunction {
  const blocks = edges.split(" ").map(part => {
    const [block, rest] = part.split(":")
    const to = rest === "" ? [] : rest.split(",")
    const term = to.length === 0 ? "ret" : to.length === 1 ? `jump b${to[0]}` : `br %c, b${to[0]}, b${to[1]}`
    return `b${block}:\n ${term}\n`
  })
  return parseFunction(`func @f(i32 %c) -> void {\n${blocks.join("")}}\n`)
}

const ids = (blocks: Iterable<Block>) => [...blocks].map(b => b.id).join(" ")

function order(edges: string, expected: string): void {
  test(`reverse post-order of ${edges}`, () => assert.equal(ids(reversePostOrder(graph(edges))), expected))
}
order("0:", "0")
order("0:1,2 1:3 2:3 3:", "0 2 1 3")
order("0:1 1:2,3 2:1 3:", "0 1 3 2")
order("0:1 1: 2:1", "0 1")

/** Immediate dominators of the blocks after the entry, - where there is none. */
function idoms(edges: string, expected: string): void {
  test(`dominators of ${edges}`, () => {
    const func = graph(edges)
    const dom = new DominatorTree(func)
    const text = func.blocks.slice(1).map(b => `${b.id}<${dom.idom(b)?.id ?? "-"}`)
    assert.equal(text.join(" "), expected)
  })
}
idoms("0:1,2 1:3 2:3 3:", "1<0 2<0 3<0")
idoms("0:1 1:2,3 2:1 3:", "1<0 2<1 3<1")
idoms("0:1,2 1:2 2:1", "1<0 2<0")
idoms("0:1 1:2,3 2:4 3:4 4:1,5 5:", "1<0 2<1 3<1 4<1 5<4")
idoms("0:1 1: 2:1", "1<0 2<-")

function frontier(edges: string, expected: string): void {
  test(`dominance frontiers of ${edges}`, () => {
    const sets = new DominatorTree(graph(edges)).frontiers()
    const text = [...sets]
      .filter(([, s]) => s.size > 0)
      .map(
        ([b, s]) =>
          `${b.id}:${[...s]
            .map(t => t.id)
            .sort()
            .join(",")}`,
      )
    assert.equal(text.sort().join(" "), expected)
  })
}
frontier("0:1,2 1:3 2:3 3:", "1:3 2:3")
frontier("0:1 1:2,3 2:1 3:", "1:1 2:1")
frontier("0:1 1:2,3 2:4 3:4 4:1,5 5:", "1:1 2:4 3:4 4:1")

function loops(edges: string, expected: string): void {
  test(`loops of ${edges}`, () => {
    const found = findLoops(graph(edges)).loops.map(
      l =>
        `${l.header.id}(${[...l.blocks]
          .map(b => b.id)
          .sort()
          .join(" ")})@${l.depth}<${l.parent?.header.id ?? "-"}`,
    )
    assert.equal(found.join(" "), expected)
  })
}
loops("0:1 1:", "")
loops("0:1 1:2,3 2:1 3:", "1(1 2)@1<-")
loops("0:1 1:1,2 2:", "1(1)@1<-")
loops("0:1 1:2,5 2:3,4 3:2 4:1 5:", "2(2 3)@2<1 1(1 2 3 4)@1<-")
loops("0:1 1:2,3 2:1 3:4,1 4:", "1(1 2 3)@1<-")
loops("0:1,2 1:2 2:1", "")

test("dominance agrees with its definition on random graphs", () => {
  const edge = fc.array(fc.nat(7), { maxLength: 2 })
  fc.assert(
    fc.property(fc.array(edge, { minLength: 8, maxLength: 8 }), lists => {
      const func = graph(lists.map((to, i) => `${i}:${to.map(t => Math.max(t, 1)).join(",")}`).join(" "))
      const dom = new DominatorTree(func)
      const reached = (without: Block | undefined): Set<Block> => {
        const seen = new Set<Block>()
        const walk = (b: Block) => {
          if (b === without || seen.has(b)) return
          seen.add(b)
          for (const t of b.term.targets) walk(t)
        }
        walk(func.blocks[0])
        return seen
      }
      const all = reached(undefined)
      for (const a of func.blocks) {
        const rest = reached(a)
        for (const b of func.blocks) {
          assert.equal(dom.dominates(a, b), all.has(a) && all.has(b) && !rest.has(b), `b${a.id} b${b.id}`)
        }
      }
    }),
    { numRuns: 200, seed: 1 },
  )
})

test("removeUnreachable and splitEdge keep a random graph valid", () => {
  const edge = fc.array(fc.nat(7), { maxLength: 2 })
  fc.assert(
    fc.property(fc.array(edge, { minLength: 8, maxLength: 8 }), fc.nat(), (lists, pick) => {
      const func = graph(lists.map((to, i) => `${i}:${to.map(t => Math.max(t, 1)).join(",")}`).join(" "))
      removeUnreachable(func)
      assert.deepEqual(checkFunction(func), [])
      const from = func.blocks[pick % func.blocks.length]
      if (from.term.targets.length > 0) splitEdge(func, from, pick % from.term.targets.length)
      assert.deepEqual(checkFunction(func), [])
    }),
    { numRuns: 200, seed: 2 },
  )
})
