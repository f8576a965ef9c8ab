import { type BinaryOp, constant, type Value } from "../../src/ir/index.ts"
import { type FunctionMaker, PREDICATES, type Region, type Statement, VALUE_BYTES } from "./irRandomMaker.ts"

/** Statements without control flow of their own: arithmetic, memory, calls. */
export const plainStatements: readonly Statement[] = [
  { weight: 22, make: arithmetic },
  { weight: 4, make: convert },
  { weight: 8, make: m => load(m) },
  { weight: 8, make: m => store(m) },
  { weight: 2, make: copy },
  { weight: 2, make: fill },
  { weight: 2, make: m => m.local() },
  { weight: 1.5, make: volatile },
  { weight: 1, make: atomic },
  { weight: 1, make: opaque },
  { weight: 1, make: pointers },
  { weight: 0.3, make: packet },
  { weight: 3, make: helper },
  { weight: 2, make: call },
]

const BINARY: readonly BinaryOp[] = [
  ...["add", "sub", "and", "or", "xor", "shl", "lshr", "ashr", "mul", "add", "and"],
  ...["udiv", "sdiv", "urem", "srem"],
] as BinaryOp[]
function arithmetic(m: FunctionMaker): void {
  const { b, random } = m
  const type = m.anyType()
  const kind = random.below(12)
  if (kind < 8) m.keep(b.insert({ op: random.pick(BINARY), type, args: [m.value(type), m.value(type)] }))
  else if (kind < 10)
    m.keep(b.insert({ op: "cmp", type: "i32", pred: random.pick(PREDICATES), args: [m.value(type), m.value(type)] }))
  else m.keep(b.insert({ op: "select", type, args: [m.condition(), m.value(type), m.value(type)] }))
}

function convert(m: FunctionMaker): void {
  const { b, random } = m
  switch (random.below(6)) {
    case 0:
      m.keep(b.insert({ op: "zext", type: "i64", args: [m.value("i32")] }))
      return
    case 1:
      m.keep(b.insert({ op: "sext", type: "i64", args: [m.value("i32")] }))
      return
    case 2:
    case 3:
      m.keep(b.insert({ op: "trunc", type: "i32", args: [m.value("i64")] }))
      return
    case 4: {
      const type = m.anyType()
      const bits = type === "i32" ? random.pick([8, 16] as const) : random.pick([8, 16, 32] as const)
      m.keep(b.insert({ op: "sextin", type, bits, args: [m.value(type)] }))
      return
    }
    default: {
      const bits = random.pick([16, 32, 64] as const)
      const type = bits === 64 ? "i64" : "i32"
      m.keep(b.insert({ op: "bswap", type, bits, args: [m.value(type)] }))
      return
    }
  }
}

function load(m: FunctionMaker, volatile = false): void {
  const width = m.width()
  const { pointer, align } = m.place(width)
  const type = width === 8 ? "i64" : m.anyType()
  m.keep(m.b.load(type, width, m.random.chance(0.3), pointer, { align, volatile }))
}

function store(m: FunctionMaker, volatile = false): void {
  const width = m.width()
  const { pointer, align } = m.place(width, true)
  const type = width === 8 ? "i64" : m.anyType()
  m.b.store(width, pointer, m.value(type), { align, volatile })
}

function volatile(m: FunctionMaker): void {
  if (m.random.chance(0.5)) load(m, true)
  else store(m, true)
}

/** Copies between two regions, or between halves of one. */
function copy(m: FunctionMaker): void {
  if (m.random.chance(0.3)) {
    const from = m.region(4, false)
    const to = m.region(from.size, true)
    if (to !== from && to.size >= from.size && (apart(from.pointer, to.pointer) || apart(to.pointer, from.pointer)))
      m.b.memcpy(to.pointer, from.pointer, from.size, 1)
    return
  }
  const size = m.random.pick([4, 8, 8, 12, 16, 3])
  if (m.random.chance(0.3)) {
    const region = m.region(2 * size, true)
    if (region.size < 2 * size) return
    const up = m.b.ptradd(region.pointer, size)
    if (m.random.chance(0.5)) m.b.memcpy(up, region.pointer, size, 1)
    else m.b.memcpy(region.pointer, up, size, 1)
    return
  }
  const from = m.region(size, false)
  const to = m.region(size, true)
  // The two must not overlap: one of them is an object of this function, the other another object.
  if (!apart(from.pointer, to.pointer) && !apart(to.pointer, from.pointer)) return
  const at = (r: Region) => m.b.ptradd(r.pointer, m.random.below((r.size - size) / 4 + 1) * 4)
  m.b.memcpy(at(to), at(from), size, 1)
}

function fill(m: FunctionMaker): void {
  const size = m.random.pick([4, 8, 16, 5])
  const { pointer } = m.place(size, true)
  const byte = m.random.chance(0.8) ? constant("i32", m.random.pick([0, 0, 0, 255, 0x80])) : m.value("i32")
  m.b.memset(pointer, byte, size, 1)
}

function atomic(m: FunctionMaker): void {
  const width = m.random.pick([4, 8] as const)
  const type = width === 8 ? "i64" : "i32"
  const fit = m.scope.memory.filter(m => m.size >= width && m.align >= width && !m.constant)
  if (fit.length === 0) return
  const op = m.random.pick(["add", "and", "or", "xor", "xchg", "cmpxchg"] as const)
  const args = [m.random.pick(fit).pointer, m.value(type)]
  if (op === "cmpxchg") args.push(m.value(type))
  const old = m.b.atomic(op, width, args)
  if (m.random.chance(0.5)) m.keep(old)
}

function opaque(m: FunctionMaker): void {
  if (m.random.chance(0.3)) m.b.barrier()
  else m.keep(m.b.opaque(m.value(m.anyType())))
}

/** Pointers that are compared, chosen, merged, made integers and back, or kept in memory. */
function pointers(m: FunctionMaker): void {
  const { b, random } = m
  const one = random.pick(m.scope.memory.filter(m => !m.constant))
  if (one === undefined) return
  const two = random.pick(m.scope.memory.filter(m => !m.constant))
  const meet = { size: Math.min(one.size, two.size), align: Math.min(one.align, two.align), constant: false }
  switch (random.below(5)) {
    case 0:
      m.keep(
        b.insert({
          op: "cmp",
          type: "i32",
          pred: random.pick(["eq", "ne"]),
          args: [one.pointer, constant("ptr", 0)],
        }),
      )
      return
    case 1:
      m.keep(b.insert({ op: "cmp", type: "i32", pred: random.pick(["eq", "ne"]), args: [one.pointer, two.pointer] }))
      return
    case 2:
      m.scope.memory.push({ ...meet, pointer: b.select(m.condition(), one.pointer, two.pointer) })
      return
    case 3: {
      const word = b.insert({ op: "ptrtoint", type: "i64", args: [one.pointer] })
      m.scope.memory.push({ ...one, pointer: b.insert({ op: "inttoptr", type: "ptr", args: [word] }) })
      return
    }
    default: {
      const slot = b.alloca(8, 8, "slot")
      b.store(8, slot, one.pointer)
      if (random.chance(0.4)) m.statement()
      if (b.open) m.scope.memory.push({ ...one, pointer: b.load("ptr", 8, false, slot) })
    }
  }
}

function packet(m: FunctionMaker): void {
  const index = m.random.chance(0.3) ? m.b.binary("and", m.value("i32"), constant("i32", 15)) : undefined
  const param = m.func.params.find(p => p.type === "ptr")!
  m.keep(m.b.ldpacket(m.random.pick([1, 2, 4]), param, m.random.below(8), index))
}

const ANSWERS = [
  [14, "get_current_pid_tgid"],
  [5, "ktime_get_ns"],
  [8, "get_smp_processor_id"],
] as const
const READS = [
  [4, "probe_read"],
  [113, "probe_read_kernel"],
  [112, "probe_read_user"],
] as const

function helper(m: FunctionMaker): void {
  const { b, random } = m
  switch (random.below(6)) {
    case 0: {
      const [id, name] = random.pick(ANSWERS)
      m.keep(b.call({ kind: "helper", id, name }, [], "i64"))
      return
    }
    case 1: {
      const args = [b.mapaddr("m"), m.place(4).pointer, m.place(VALUE_BYTES).pointer, constant("i64", 0)]
      b.call({ kind: "helper", id: 2, name: "map_update_elem" }, args, "i64")
      return
    }
    case 2: {
      const [id, name] = random.pick(READS)
      const size = random.pick([1, 2, 4, 8, 16, 6])
      const to = m.place(size, true).pointer
      m.keep(b.call({ kind: "helper", id, name }, [to, constant("i32", size), m.value("i64")], "i64"))
      return
    }
    case 3:
      m.show(m.region(4, false))
      return
    case 4: {
      const { pointer } = m.region(VALUE_BYTES, true, 8)
      const args = [constant("i32", random.below(3)), b.funcaddr("cb"), pointer, constant("i64", 0)]
      if (m.func.role === "program") b.call({ kind: "helper", id: 181, name: "loop" }, args, "i64")
      return
    }
    default:
      b.call({ kind: "kfunc", name: "sink" }, [m.value("i64")], "void")
  }
}

function call(m: FunctionMaker): void {
  const target = m.random.pick(m.callees)
  if (target === undefined) return
  const args = target.params.map(p => (p.type === "ptr" ? m.region(VALUE_BYTES, true, 8).pointer : m.value(p.type)))
  m.keep(m.b.call({ kind: "function", name: target.name }, args, target.ret))
}

/** Whether two pointers surely lead to different objects. */
const apart = (a: Value, b: Value) =>
  a.kind === "inst" &&
  a.op === "alloca" &&
  a !== b &&
  (b.kind === "param" || (b.kind === "inst" && (b.op === "alloca" || b.op === "globaladdr")))
