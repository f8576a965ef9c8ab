import { Facts } from "./facts.ts"
import { type Graph, inOrder, type Node } from "./graph.ts"

/**
 * Leads each way past the tests whose answer is known there, by what was asked before: of
 *
 *     ip and tcp or ip and udp         ip? ─yes→ tcp? ─no→ ip? ─yes→ udp?
 *
 * the second `ip?` is known, and the way goes from `tcp?` to `udp?`. Nothing is computed that was not before.
 */
export function threadJumps(graph: Graph, root: Node): Node {
  for (let before = root; ; before = root) {
    root = threadOnce(graph, root)
    if (root === before) return root
  }
}

function threadOnce(graph: Graph, root: Node): Node {
  const order = inOrder(root)
  /** What is known when a node is reached, of those that are still reached. */
  const facts = new Map<Node, Facts>([[root, Facts.nothing]])
  const ways = new Map<Node, { readonly yes: Node; readonly no: Node }>()
  for (const node of order) {
    const here = facts.get(node)
    if (here === undefined) continue
    const go = (answer: boolean): Node => {
      const there = here.with(node.test, answer)
      const target = follow(answer ? node.yes : node.no, there)
      if (target.kind === "decision") facts.set(target, facts.get(target)?.merge(there) ?? there)
      return target
    }
    ways.set(node, { yes: go(true), no: go(false) })
  }
  const made = new Map<Node, Node>()
  const madeOf = (node: Node): Node => made.get(node) ?? node
  for (const node of order.reverse()) {
    const way = ways.get(node)
    if (way !== undefined) made.set(node, graph.decide(node.test, madeOf(way.yes), madeOf(way.no)))
  }
  return madeOf(root)
}

/** Where a way ends up that leads to a node with what is known. */
function follow(node: Node, facts: Facts): Node {
  while (node.kind === "decision") {
    const answer = facts.answer(node.test)
    if (answer === undefined) break
    node = answer ? node.yes : node.no
  }
  return node
}
