import assert from "node:assert/strict"
import { test } from "node:test"
import { interpret } from "../../../tests/support/irInterp.ts"
import { lowerC } from "../../../tests/support/lowerC.ts"

/** Initialisers where a later part overrides an earlier whole, and what a digit by digit sum of the object gives: clang's reading. */
function gives(body: string, result: bigint): void {
  test(`${body} ⇒ ${result}`, () => {
    const types = "struct s { int a, b, c[2]; }; struct o { struct s s; int z; };\n"
    const sum = "o.s.a * 10000 + o.s.b * 1000 + o.s.c[0] * 100 + o.s.c[1] * 10 + o.z"
    const module = lowerC(`${types}long f(int x) { struct s v = {1, 2, {3, 4}}; ${body} return ${sum}; }`)
    assert.equal(interpret(module.functions[0], [7n], { module }).value, result)
  })
}

gives("struct o o = {.s = v, .z = 5};", 12345n)
gives("struct o o = {.s = v, .s.a = 9, .z = 5};", 92345n)
gives("struct o o = {.s = v, .s.a = x, .s.c[1] = 8};", 72380n)
gives("struct o o = {.s = v, .s.c = {6}, .z = 1};", 12601n)
gives("struct o o = {.s = v, .s.b = 0};", 10340n)
gives("struct o o = {.s.a = 9, .s = v};", 12340n)
gives("struct o o = {.s = v, .s = {.b = 6}};", 6000n)
gives("struct o w = {v, 5}, o = {.s = w.s, .s.a = 3, .s = v, .z = 1};", 12341n)
gives("struct o t[2] = {[0 ... 1] = {v, 5}, [1].s.b = 9}, o = t[1];", 19345n)
gives("struct o w = {v, 5}, t[2] = {[0 ... 1] = w, [1].s.b = 9}, o = t[1];", 19345n)
