import { constant, type Value } from "../../src/ir/index.ts"
import {
  copyScope,
  type FunctionMaker,
  type LoopContext,
  PREDICATES,
  type Statement,
  VALUE_BYTES,
} from "./irRandomMaker.ts"

const nests = (m: FunctionMaker) => m.depth < 4 && m.left > 0

/** Statements that branch, and come together again. */
export const flowStatements: readonly Statement[] = [
  { weight: 5, make: branch, when: nests },
  { weight: 2, make: logical, when: nests },
  { weight: 3, make: repeat, when: nests },
  { weight: 2, make: choose, when: nests },
  { weight: 2, make: lookUp, when: nests },
  { weight: 1.5, make: leave, when: m => m.loop !== undefined },
  { weight: 0.4, make: m => m.ret(), when: m => m.depth > 0 },
]

function branch(m: FunctionMaker): void {
  const { b, random } = m
  const join = m.join()
  const then = b.newBlock()
  const other = b.newBlock()
  const cond = m.condition()
  if (random.chance(0.05)) b.br(cond, then, then)
  else b.br(cond, then, other)
  m.nested(then, () => {
    if (random.chance(0.03)) {
      // Never taken: the condition is tested again.
      const never = b.newBlock()
      const on = b.newBlock()
      b.br(b.binary("and", m.value("i32"), constant("i32", 0)), never, on)
      b.start(never)
      b.unreachable()
      b.start(on)
    }
    m.statements(5)
    // The same test once more, where its answer is known.
    if (b.open && random.chance(0.3)) {
      const end = b.newBlock()
      const again = b.newBlock()
      b.br(cond, again, end)
      m.nested(again, () => m.statements(2))
      b.start(end)
    }
    m.to(join)
  })
  m.nested(other, () => {
    if (random.chance(0.6)) m.statements(5)
    m.to(join)
  })
  if (join.edges.length === 0) m.closed()
  else m.at(join)
}

/** `a && b` and `a || b`, as a value that is then tested. */
function logical(m: FunctionMaker): void {
  const { b, random } = m
  const join = m.join(["i32"])
  const more = b.newBlock()
  const short = b.newBlock()
  const and = random.chance(0.5)
  const first = m.condition()
  if (and) b.br(first, more, short)
  else b.br(first, short, more)
  b.start(short)
  join.edges.push({ from: b.block, values: [constant("i32", and ? 0 : 1)] })
  b.jump(join.block)
  m.nested(more, () => {
    const second = b.insert({
      op: "cmp",
      type: "i32",
      pred: random.pick(PREDICATES),
      args: [m.value("i32"), m.value("i32")],
    })
    join.edges.push({ from: b.block, values: [second] })
    b.jump(join.block)
  })
  m.at(join)
  const [test] = join.block.phis
  const then = b.newBlock()
  const other = b.newBlock()
  const end = m.join()
  b.br(test, then, other)
  m.nested(then, () => {
    m.statements(3)
    m.to(end)
  })
  m.nested(other, () => {
    m.statements(2)
    m.to(end)
  })
  if (end.edges.length === 0) m.closed()
  else m.at(end)
}

/** A loop of a few rounds, tested at its head or its foot, with values carried around. */
function repeat(m: FunctionMaker): void {
  const { b, random } = m
  const rounds = random.below(4) + 1
  const down = random.chance(0.3)
  const type = m.anyType()
  const head = b.newBlock()
  const carried = m.someTypes(3)
  const start = carried.map(t => m.value(t))
  const before = b.block
  b.jump(head)
  b.start(head)
  if (random.chance(0.3)) head.unroll = random.pick(["full", 1, 2, 4] as const)
  const counter = b.phi(type)
  b.addIncoming(counter, before, constant(type, down ? rounds : 0))
  const phis = carried.map((t, i) => {
    const phi = b.phi(t)
    b.addIncoming(phi, before, start[i])
    return phi
  })
  const loop: LoopContext = { exit: m.join(), next: m.join([...carried]) }
  const outer = m.loop
  const scope = m.scope
  m.scope = copyScope(scope)
  for (const phi of phis) m.keep(phi)
  m.keep(counter)
  m.loop = loop
  m.depth++
  const atHead = random.chance(0.6)
  const test = (v: Value) =>
    down
      ? random.chance(0.5)
        ? v
        : b.cmp("sgt", v, constant(type, 0))
      : b.cmp(random.pick(["ult", "slt", "ne"]), v, constant(type, rounds))
  if (atHead) {
    const body = b.newBlock()
    const out = b.newBlock()
    b.br(test(counter), body, out)
    m.nested(out, () => m.to(loop.exit))
    b.start(body)
  }
  m.statements(6)
  if (b.open) m.to(loop.next)
  if (loop.next.edges.length > 0) {
    m.scope = copyScope(scope)
    for (const phi of phis) m.keep(phi)
    const values = m.scope
    b.start(loop.next.block)
    const carriedOn = carried.map((t, i) => {
      const phi = b.phi(t)
      for (const edge of loop.next.edges) b.addIncoming(phi, edge.from, edge.values[i])
      values[t as "i32" | "i64"].push(phi)
      return phi
    })
    const stepped = b.insert({ op: "add", type, args: [counter, constant(type, down ? -1 : 1)] })
    let from = b.block
    if (!atHead) {
      const back = b.newBlock()
      const out = b.newBlock()
      b.br(test(stepped), back, out)
      m.nested(out, () => m.to(loop.exit))
      b.start(back)
      from = back
    }
    b.addIncoming(counter, from, stepped)
    phis.forEach((phi, i) => {
      b.addIncoming(phi, from, carriedOn[i])
    })
    b.jump(head)
  }
  m.depth--
  m.loop = outer
  m.scope = scope
  if (loop.exit.edges.length === 0) m.closed()
  else m.at(loop.exit)
}

function leave(m: FunctionMaker): void {
  const { b, random } = m
  const join = random.chance(0.5) ? m.loop!.exit : m.loop!.next
  const out = b.newBlock()
  const on = b.newBlock()
  b.br(m.condition(), out, on)
  m.nested(out, () => {
    m.statements(1)
    m.to(join)
  })
  b.start(on)
}

/** A chain of tests of one value, cases that fall through, and one place where they meet. */
function choose(m: FunctionMaker): void {
  const { b, random } = m
  const type = m.anyType()
  const on = b.insert({ op: "and", type, args: [m.value(type), constant(type, 7)] })
  m.keep(on)
  const end = m.join()
  const cases = Array.from({ length: 1 + random.below(4) }, () => b.newBlock())
  const rest = b.newBlock()
  for (const target of cases) {
    const next = b.newBlock()
    const to = random.chance(0.2) ? random.pick(cases) : target
    b.br(b.insert({ op: "cmp", type: "i32", pred: "eq", args: [on, constant(type, random.below(8))] }), to, next)
    b.start(next)
  }
  b.jump(rest)
  for (const target of [...cases, rest]) {
    m.nested(target, () => {
      m.statements(2)
      if (!b.open) return
      const next = cases[cases.indexOf(target) + 1]
      if (next !== undefined && target !== rest && random.chance(0.3)) b.jump(next)
      else m.to(end)
    })
  }
  if (end.edges.length === 0) m.closed()
  else m.at(end)
}

/** Looks a key up, and uses the value where there is one. */
function lookUp(m: FunctionMaker): void {
  const { b, random } = m
  const args = [b.mapaddr("m"), m.place(4).pointer]
  const value = b.call({ kind: "helper", id: 1, name: "map_lookup_elem" }, args, "ptr")
  const then = b.newBlock()
  const end = b.newBlock()
  b.br(b.cmp("ne", value, constant("ptr", 0)), then, end)
  m.nested(then, () => {
    m.scope.memory.push({ pointer: value, size: VALUE_BYTES, align: 8, constant: false })
    m.statements(3)
    // Tested again, as programs do that call functions with it.
    if (b.open && random.chance(0.3)) {
      const on = b.newBlock()
      b.br(b.cmp("eq", value, constant("ptr", 0)), end, on)
      b.start(on)
    }
    if (b.open && random.chance(0.3)) b.store(8, value, m.value("i64"))
  })
  b.start(end)
}
