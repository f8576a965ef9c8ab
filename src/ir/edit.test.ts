import assert from "node:assert/strict"
import { test } from "node:test"
import { countUses, Uses } from "./analysis/uses.ts"
import { FunctionBuilder, newFunction } from "./builder.ts"
import { assertValid } from "./check.ts"
import { removeEdge, replaceAllUses, replaceValues, setTerminator, splitEdge } from "./edit.ts"
import type { IrFunction, Value } from "./ir.ts"
import { parseFunction } from "./parse.ts"
import { printFunction } from "./print.ts"
import { i32, isConst, sameValue, undef } from "./values.ts"

const parts = { name: "f", ret: "i32", span: parseFunction("func @f() -> void {\nb0:\n ret\n}").span } as const

/** The body of a function as text. */
const body = (func: IrFunction) =>
  printFunction(func)
    .split("\n")
    .slice(1, -2)
    .map(l => l.trim())
    .join("; ")

/** What building gives, as text. */
function builds(name: string, build: (b: FunctionBuilder) => void, expected: string): void {
  test(`builder: ${name}`, () => {
    const params = [
      { type: "ptr", name: "p" },
      { type: "i32", name: "i" },
    ] as const
    const b = new FunctionBuilder(newFunction({ ...parts, params }))
    build(b)
    assertValid(b.func)
    assert.equal(body(b.func), expected)
  })
}

builds("constants fold", b => b.ret(b.binary("add", i32(2), b.binary("shl", i32(1), i32(33)))), "b0:; ret 4")
builds("division by zero folds to BPF's result", b => b.ret(b.binary("urem", i32(7), i32(0))), "b0:; ret 7")
builds("comparison folds", b => b.ret(b.cmp("slt", i32(-1), i32(0))), "b0:; ret 1")
builds(
  "what changes nothing is left out",
  b => b.ret(b.binary("shl", b.binary("add", i32(0), b.func.params[1]), i32(0))),
  "b0:; ret %i",
)
builds("conversions fold", b => b.ret(b.trunc(b.sext(i32(-2)))), "b0:; ret -2")
builds(
  "offsets add up",
  b => {
    b.store(1, b.ptradd(b.ptradd(b.func.params[0], 4), 4), i32(0))
    b.ret(i32(0))
  },
  "b0:; %1 = ptradd %p, 4; %2 = ptradd %p, 8; store 1 %2, 0; ret 0",
)
builds(
  "allocas stay together at the top",
  b => {
    const a = b.alloca(4, 4, "a")
    b.store(4, a, b.func.params[1])
    const c = b.alloca(8, 8, "c")
    b.store(4, c, b.func.params[1])
    b.ret(i32(0))
  },
  'b0:; %1 = alloca 4 align 4 "a"; %3 = alloca 8 align 8 "c"; store 4 %1, %i; store 4 %3, %i; ret 0',
)
builds(
  "blocks, fall-through and phis",
  b => {
    const yes = b.newBlock()
    const end = b.newBlock()
    const start = b.block
    b.br(b.func.params[1], yes, end)
    b.start(yes)
    b.start(end)
    const phi = b.phi("i32")
    b.addIncoming(phi, start, i32(1))
    b.addIncoming(phi, yes, i32(2))
    b.ret(phi)
  },
  "b0:; br %i, b1, b2; b1:; jump b2; b2:; %1 = phi i32 [b0: 1], [b1: 2]; ret %1",
)
builds(
  "a constant condition branches once",
  b => {
    const yes = b.newBlock()
    b.br(i32(1), yes, b.newBlock())
    b.start(yes)
    b.ret(i32(0))
  },
  "b0:; jump b1; b1:; ret 0",
)

/** What an edit of a diamond makes of it. */
function edits(name: string, edit: (func: IrFunction) => void, expected: string): void {
  test(`edit: ${name}`, () => {
    const func = parseFunction(`func @f(i32 %i) -> i32 {
b0:
  %1 = add i32 %i, 1
  br %i, b1, b2
b1:
  jump b2
b2:
  %2 = phi i32 [b0: %1], [b1: 5]
  %3 = add i32 %2, %1
  ret %3
}`)
    edit(func)
    assertValid(func)
    assert.equal(body(func), expected)
  })
}

const whole = "b0:; %1 = add i32 %i, 1; br %i, b1, b2; b1:; jump b2; b2:; %2 = phi i32 [b0: %1], [b1: 5]; "
edits("nothing", () => {}, `${whole}%3 = add i32 %2, %1; ret %3`)
edits(
  "replaceAllUses",
  f => replaceAllUses(f, f.blocks[0].insts[0], i32(9)),
  "b0:; %1 = add i32 %i, 1; br %i, b1, b2; b1:; jump b2; b2:; %2 = phi i32 [b0: 9], [b1: 5]; %3 = add i32 %2, 9; ret %3",
)
edits(
  "replaceValues follows chains",
  f => {
    const [one, phi, three] = [f.blocks[0].insts[0], f.blocks[2].phis[0], f.blocks[2].insts[0]]
    replaceValues(
      f,
      new Map<Value, Value>([
        [three, phi],
        [phi, one],
      ]),
    )
  },
  "b0:; %1 = add i32 %i, 1; br %i, b1, b2; b1:; jump b2; b2:; %2 = phi i32 [b0: %1], [b1: 5]; %3 = add i32 %1, %1; ret %1",
)
edits(
  "Uses.replace",
  f => {
    const uses = new Uses(f)
    const one = f.blocks[0].insts[0]
    assert.equal(uses.count(one), 2)
    uses.replace(one, f.params[0])
    assert.equal(uses.count(one), 0)
    assert.equal(uses.count(f.params[0]), 4)
  },
  "b0:; %1 = add i32 %i, 1; br %i, b1, b2; b1:; jump b2; b2:; %2 = phi i32 [b0: %i], [b1: 5]; %3 = add i32 %2, %i; ret %3",
)
edits(
  "splitEdge",
  f => splitEdge(f, f.blocks[0], 1),
  "b0:; %1 = add i32 %i, 1; br %i, b1, b3; b3:; jump b2; b1:; jump b2; b2:; %2 = phi i32 [b3: %1], [b1: 5]; %3 = add i32 %2, %1; ret %3",
)
edits(
  "setTerminator to one way",
  f => setTerminator(f.blocks[0], { kind: "term", op: "jump", args: [], targets: [f.blocks[1]], span: undefined }),
  "b0:; %1 = add i32 %i, 1; jump b1; b1:; jump b2; b2:; %2 = phi i32 [b1: 5]; %3 = add i32 %2, %1; ret %3",
)

test("removeEdge takes one of two equal edges", () => {
  const func = parseFunction(
    "func @f(i32 %i) -> i32 {\nb0:\n br %i, b1, b1\nb1:\n %1 = phi i32 [b0: 3], [b0: 3]\n ret %1\n}",
  )
  removeEdge(func.blocks[0], func.blocks[1])
  func.blocks[0].term = { kind: "term", op: "jump", args: [], targets: [func.blocks[1]], span: undefined }
  assertValid(func)
})

test("countUses", () => {
  const func = parseFunction("func @f(i32 %i) -> i32 {\nb0:\n %1 = add i32 %i, %i\n ret %1\n}")
  const counts = countUses(func)
  assert.equal(counts.get(func.params[0]), 2)
  assert.equal(counts.get(func.blocks[0].insts[0]), 1)
})

test("values are compared by content, undef never", () => {
  assert.ok(sameValue(i32(70000), i32(70000)))
  assert.ok(!sameValue(undef("i32"), undef("i32")))
  assert.ok(isConst(i32(-1), -1))
  assert.ok(isConst(i32(-1), 0xffffffff))
})
