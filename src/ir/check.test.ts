import assert from "node:assert/strict"
import { test } from "node:test"
import { SkepError } from "../base/index.ts"
import { assertValid, checkFunction, checkModule } from "./check.ts"
import type { IrFunction } from "./ir.ts"
import { parseFunction, parseModule } from "./parse.ts"
import { i32 } from "./values.ts"

const wrap = (body: string) => `func @f(ptr %p, i32 %i, i64 %l) -> i32 {\nb0:\n  ${body}\n}\n`

/** A body that is valid. */
function valid(body: string): void {
  test(`valid: ${body}`, () => assert.deepEqual(checkFunction(parseFunction(wrap(body))), []))
}

/** A body that breaks one rule. */
function wrong(body: string, message: string): void {
  test(`wrong: ${body}`, () => {
    assert.deepEqual(
      checkFunction(parseFunction(wrap(body))).map(p => p.message),
      [message],
    )
  })
}

valid("ret %i")
valid("%1 = add i64 %l, 1\n store 4 %p, %1\n ret 0")
valid("br %l, b1, b1\nb1:\n ret 0")
valid("br %i, b1, b2\nb1:\n jump b2\nb2:\n %1 = phi i32 [b0: 1], [b1: %i]\n ret %1")
valid("unreachable")
valid("jump b1\nb1:\n %1 = phi i32 [b0: 1], [b1: %1]\n jump b1")

wrong("ret %l", "operand 1 is i64, not i32")
wrong("ret", "has 0 operands, not 1")
wrong("%1 = add i32 %i, %l\n ret 0", "operand 2 is i64, not i32")
wrong("%1 = add ptr %p, %p\n ret 0", "its type is ptr, not i32 or i64")
wrong("%1 = load i32 u8 %p\n ret 0", "its type is i32, not i64 or ptr")
wrong("%1 = load ptr u4 %p\n ret 0", "its type is ptr, not i32 or i64")
wrong("%1 = load i32 u4 %l\n ret 0", "operand 1 is i64, not ptr")
wrong("%1 = load i32 u4 align 3 %p\n ret 0", "alignment 3 is no power of two")
wrong("store 8 %p, %i\n ret 0", "operand 2 is i32, not i64 or ptr")
wrong("store 2 %p, %p\n ret 0", "operand 2 is ptr, not i32 or i64")
wrong("memset 0 align 1 %p, 0\n ret 0", "size is not positive")
wrong("%1 = ptradd %p, %i\n ret 0", "operand 2 is i32, not i64")
wrong("%1 = cmp eq i32 %i, %l\n ret 0", "operand 2 is i64, not i32")
wrong("%1 = select i64 %p, %l, 1\n ret 0", "operand 1 is ptr, not i32 or i64")
wrong("%1 = zext i64 %l\n ret 0", "operand 1 is i64, not i32")
wrong("%1 = trunc i64 %l\n ret 0", "its type is i64, not i32")
wrong("%1 = sextin i32 32 %i\n ret 0", "width 32 is not one of 8, 16")
wrong("%1 = atomic add 2 %p, 1\n ret 0", "width 2 is not one of 4, 8")
wrong("%1 = ldpacket 8 at 0 %p\n ret 0", "width 8 is not one of 1, 2, 4")
wrong("%1 = add i32 %2, 1\n %2 = add i32 %i, 1\n ret 0", "%2 does not dominate this use")
wrong("br %i, b1, b2\nb1:\n %1 = add i32 %i, 1\n jump b2\nb2:\n ret %1", "%1 does not dominate this use")
wrong("jump b1\nb1:\n %1 = phi i32 [b0: %2]\n %2 = add i32 %i, 1\n ret %1", "%2 does not dominate this use")
wrong(
  "jump b1\nb1:\n %1 = phi i32 [b0: 1], [b2: 2]\n br %i, b2, b3\nb2:\n ret 1\nb3:\n ret 1",
  "its block's predecessors are b0",
)
wrong("jump b1\nb1:\n %1 = phi i32 [b0: %l]\n ret 1", "operand 1 is i64, not i32")
wrong("jump b1\nb1:\n %1 = alloca 4 align 4\n ret 1", "alloca outside the entry block")
wrong("jump b0", "the entry block has a predecessor")
wrong("ret 0\nb1:\n ret 1", "b1 is not reached from the entry")
wrong("%1 = call helper 1 f(%i, %i, %i, %i, %i, %i) -> i32\n ret 0", "has 6 arguments: a call takes at most 5")

/** A valid function made wrong by a mistake that text cannot hold. */
function broken(name: string, body: string, harm: (func: IrFunction) => void, message: string): void {
  test(`broken: ${name}`, () => {
    const func = parseFunction(wrap(body))
    assert.deepEqual(checkFunction(func), [])
    harm(func)
    assert.equal(checkFunction(func)[0]?.message, message)
  })
}

const diamond = "br %i, b1, b2\nb1:\n %1 = add i32 %i, 1\n jump b2\nb2:\n %2 = phi i32 [b0: 1], [b1: %1]\n ret %2"
broken(
  "predecessor missing",
  diamond,
  f => f.blocks[2].preds.pop(),
  "b2 has predecessors b0, but edges come from b0, b1",
)
broken(
  "predecessor doubled",
  diamond,
  f => f.blocks[2].preds.push(f.blocks[0]),
  "b2 has predecessors b0, b1, b0, but edges come from b0, b1",
)
broken("phi value missing", diamond, f => f.blocks[2].phis[0].args.pop(), "as many values as blocks are needed")
broken("block left out", diamond, f => f.blocks.splice(1, 1), "b1 is not in the function")
broken("definition removed", diamond, f => f.blocks[1].insts.pop(), "%1 is not in the function")
broken("id twice", diamond, f => (f.blocks[1].insts[0].id = 2), "two values %2")
broken("id out of range", diamond, f => (f.nextId = 2), "id is not below nextId (2)")
broken("wrong owner", diamond, f => (f.blocks[1].insts[0].block = f.blocks[0]), "its block is not b1")
broken(
  "operand of another function",
  "ret %i",
  f => (f.blocks[0].term.args[0] = parseFunction(wrap("ret %i")).params[1]),
  "%i is no parameter of this function",
)
broken(
  "constant not canonical",
  "ret 1",
  f => (f.blocks[0].term.args[0] = { ...i32(0), value: -1n }),
  "constant is not in canonical form",
)
broken("no blocks", "ret 1", f => (f.blocks = []), "it has no block")
broken("parameters out of order", "ret 1", f => f.params.reverse(), "parameter l has index 2, not 0")

/** A module that breaks one rule. */
function wrongModule(text: string, message: string): void {
  test(`wrong module: ${message}`, () => {
    assert.deepEqual(
      checkModule(parseModule(text)).map(p => p.message),
      [message],
    )
  })
}

const empty = (name: string) => `func @${name}(i32 %i) -> i32 {\nb0:\n ret 0\n}\n`
const uses = (what: string) => `func @f() -> i32 {\nb0:\n %1 = ${what}\n ret 0\n}\n`
wrongModule(empty("f") + empty("f"), "two functions named f")
wrongModule('program @g section "x"\n', "program g has no function")
wrongModule(`program @g section "x"\nstatic ${empty("g")}`, "program g is a static function")
wrongModule(uses("mapaddr @m"), "no map named m")
wrongModule(uses("globaladdr @m"), "no global named m")
wrongModule(uses("funcaddr @m"), "no function named m")
wrongModule(uses("call @m() -> i32"), "no function named m")
wrongModule(uses("call @g() -> i32") + empty("g"), "has 0 operands, not 1")
wrongModule(uses("call @g(i32 1) -> i64") + empty("g"), "its type is i64, but g gives i32")

test("assertValid names the pass, the rule and the function's text", () => {
  const func = parseFunction(wrap("ret %l"))
  assert.throws(
    () => assertValid(func, "gvn"),
    (e: unknown) =>
      e instanceof SkepError &&
      e.code === "IR_INVALID" &&
      e.message.endsWith("after gvn: operand 1 is i64, not i32: ret %l") &&
      e.log!.includes("func @f("),
  )
})
