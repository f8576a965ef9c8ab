import type { Condition, Test } from "./condition.ts"

/** A place in the graph of decisions: a test with two ways on, or the end. */
export type Node = Decision | End

export interface Decision {
  readonly kind: "decision"
  readonly id: number
  readonly test: Test
  readonly yes: Node
  readonly no: Node
}

/** The packet is taken, or dropped. */
export interface End {
  readonly kind: "end"
  readonly id: number
  readonly takes: boolean
}

/**
 * Makes nodes. What asks the same and goes on to the same is the same node, so that common ends of ways are found as
 * they are made; a decision without a choice is none.
 */
export class Graph {
  readonly take: End = { kind: "end", id: 0, takes: true }
  readonly drop: End = { kind: "end", id: 1, takes: false }
  readonly #known = new Map<string, Decision>()

  decide(test: Test, yes: Node, no: Node): Node {
    if (yes === no) return yes
    const key = `${test.op} ${test.left.id} ${test.right.id} ${yes.id} ${no.id}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const node: Decision = { kind: "decision", id: this.#known.size + 2, test, yes, no }
    this.#known.set(key, node)
    return node
  }

  /** The graph of a condition: where it holds on to `yes`, else on to `no`. */
  of(condition: Condition, yes: Node = this.take, no: Node = this.drop): Node {
    switch (condition.kind) {
      case "always":
        return condition.holds ? yes : no
      case "test":
        return this.decide(condition.test, yes, no)
      case "not":
        return this.of(condition.operand, no, yes)
      case "and":
        return this.of(condition.left, this.of(condition.right, yes, no), no)
      case "or":
        return this.of(condition.left, yes, this.of(condition.right, yes, no))
    }
  }
}

/** The decisions that can be reached, each before those that it leads to. */
export function inOrder(root: Node): Decision[] {
  const seen = new Set<Node>()
  const order: Decision[] = []
  // What is left to do: a node to visit, or one whose ways on are all visited.
  const stack: { readonly node: Node; readonly done: boolean }[] = [{ node: root, done: false }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, done } = next
    if (node.kind === "end") continue
    if (done) {
      order.push(node)
      continue
    }
    if (seen.has(node)) continue
    seen.add(node)
    stack.push({ node, done: true }, { node: node.yes, done: false }, { node: node.no, done: false })
  }
  return order.reverse()
}
