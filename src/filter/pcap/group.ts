import { type Decision, type Graph, inOrder, type Node } from "./graph.ts"

/**
 * Puts tests of one value next to each other, where several lead to the same place and the order does not matter, so
 * that the value is loaded once:
 *
 *     src = a? dst = a? src = b? dst = b?     becomes     src = a? src = b? dst = a? dst = b?
 *
 * A test moves only to behind one that has computed the same value: no load is tried that was not before.
 */
export function groupTests(graph: Graph, root: Node): Node {
  const order = inOrder(root)
  const entries = new Map<Node, number>()
  for (const node of order) {
    for (const to of [node.yes, node.no]) entries.set(to, (entries.get(to) ?? 0) + 1)
  }
  const alone = (node: Node): boolean => entries.get(node) === 1
  const chains = new Map<Node, Chain>()
  const inside = new Set<Node>()
  for (const node of order) {
    if (inside.has(node)) continue
    const any = chain(node, alone, "yes", "no")
    const all = chain(node, alone, "no", "yes")
    const longer = any.nodes.length >= all.nodes.length ? any : all
    chains.set(node, longer)
    for (const other of longer.nodes.slice(1)) inside.add(other)
  }
  const made = new Map<Node, Node>()
  const madeOf = (node: Node): Node => made.get(node) ?? node
  for (const [first, { nodes, common, onwards }] of [...chains].reverse()) {
    const shared = madeOf(nodes[0][common])
    let rest = madeOf(nodes[nodes.length - 1][onwards])
    for (const { test } of grouped(nodes).reverse()) {
      rest = common === "yes" ? graph.decide(test, shared, rest) : graph.decide(test, rest, shared)
    }
    made.set(first, rest)
  }
  return madeOf(root)
}

/** Decisions that share a way out, and follow each other by the other way. */
interface Chain {
  readonly nodes: readonly Decision[]
  readonly common: "yes" | "no"
  readonly onwards: "yes" | "no"
}

/** The decisions from one on that share a way out and follow each other by the other way, reached in no other manner. */
function chain(first: Decision, alone: (node: Node) => boolean, common: "yes" | "no", onwards: "yes" | "no"): Chain {
  const nodes = [first]
  for (let next = first[onwards]; next.kind === "decision" && next[common] === first[common] && alone(next); ) {
    nodes.push(next)
    next = next[onwards]
  }
  return { nodes, common, onwards }
}

/** The same decisions, those that compare one value with constants behind the first of them. */
function grouped(nodes: readonly Decision[]): Decision[] {
  const groups = new Map<unknown, Decision[]>()
  for (const node of nodes) {
    const { left, right } = node.test
    const key = right.kind === "const" ? left : node
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [node])
    else group.push(node)
  }
  return [...groups.values()].flat()
}
