import assert from "node:assert/strict"
import { test } from "node:test"
import { listFunction } from "../../../tests/support/listing.ts"
import { runObject } from "../../../tests/support/runObject.ts"
import { SkepError } from "../../base/index.ts"
import { assertValid, type Module, parseModule } from "../../ir/index.ts"
import { generate } from "../index.ts"

const program = (body: string, more = "") =>
  `program @f section "test"\nfunc @f(ptr %p) -> i64 {\nb0:\n${body.replaceAll(";", "\n")}\n}\n${more}`

function moduleOf(text: string): Module {
  const module = parseModule(text, "prog.c")
  for (const func of module.functions) assertValid(func, "", module)
  return module
}

const code = (text: string): string => listFunction(generate(moduleOf(text), { cpu: 3, check: true }).programs[0])

/** The deepest byte of the stack that the code names. */
function depth(text: string): number {
  return Math.max(...[...code(text).matchAll(/r10 - (\d+)\)|\+= -(\d+)/g)].map(m => Number(m[1] ?? m[2])))
}

const use = (n: number, id: number) => `call helper 100 use(%${n}) -> i64;%${id} = load i64 u8 %${n};`

test("locals of different sizes have places of their own while they fit", () => {
  const text = program(`%1 = alloca 200 align 8 "a";%2 = alloca 192 align 8 "b";${use(1, 3)}${use(2, 4)}ret %4`)
  assert.equal(depth(text), 392)
})

test("locals of one size that are not in use at the same time have one place", () => {
  const text = program(`%1 = alloca 40 align 8 "a";%2 = alloca 40 align 8 "b";${use(1, 3)}${use(2, 4)}ret %4`)
  assert.equal(depth(text), 40)
})

test("many locals share few places quickly", () => {
  const n = 3000
  const allocas = Array.from({ length: n }, (_, i) => `%${i + 1} = alloca 8 align 8 "x";`).join("")
  const uses = Array.from({ length: n }, (_, i) => use(i + 1, n + i + 1)).join("")
  assert.equal(depth(program(`${allocas}${uses}ret %${2 * n}`)), 8)
})

test("locals of many blocks share few places quickly", () => {
  const n = 3000
  const allocas = Array.from({ length: n }, (_, i) => `  %${i + 1} = alloca 8 align 8 "x"\n`).join("")
  const block = (i: number) =>
    `b${i}:\n  %${n + i} = call helper 100 use(%${i}) -> i64\n  br %${n + i}, b${i + 1}, b${n + 1}\n`
  const blocks = Array.from({ length: n }, (_, i) => block(i + 1)).join("")
  const text = `program @f section "test"\nfunc @f(ptr %p) -> i64 {\nb0:\n${allocas}  jump b1\n${blocks}b${n + 1}:\n  ret 0\n}`
  assert.equal(depth(text), 8)
})

test("locals that are not in use at the same time share when they do not fit", () => {
  const text = program(`%1 = alloca 300 align 8 "a";%2 = alloca 300 align 8 "b";${use(1, 3)}${use(2, 4)}ret %4`)
  assert.equal(depth(text), 304)
})

test("locals in use at the same time do not share", () => {
  const text = program(
    `%1 = alloca 300 align 8 "a";%2 = alloca 300 align 8 "b";${use(1, 3)}${use(2, 4)}%5 = load i64 u8 %1;ret %5`,
  )
  assert.throws(() => code(text), { code: "CODEGEN_STACK" })
})

test("a local whose address is stored keeps its place", () => {
  const text = program(`%1 = alloca 300 align 8 "a";%2 = alloca 300 align 8 "b";store 8 %p, %1;${use(2, 4)}ret %4`)
  assert.throws(() => code(text), { code: "CODEGEN_STACK" })
})

test("a local in use around a loop does not share with one inside", () => {
  const loop = (size: number) => `program @f section "test"
func @f(ptr %p) -> i64 {
b0:
  %1 = alloca ${size} align 8 "outer"
  %2 = alloca ${size} align 8 "inner"
  store 8 %1, 1
  jump b1
b1:
  %3 = phi i64 [b0: 0], [b1: %6]
  call helper 100 use(%2) -> i64
  %4 = load i64 u8 %1
  %5 = load i64 u8 %2
  %6 = add i64 %4, %5
  %7 = cmp ult i64 %6, 100
  br %7, b1, b2
b2:
  ret %6
}`
  assert.equal(depth(loop(200)), 400)
  assert.throws(() => code(loop(264)), { code: "CODEGEN_STACK" })
})

test("sharing keeps what programs compute", () => {
  const fill = (n: number, value: number) => `memset 300 align 4 %${n}, ${value};%${10 + n} = load i64 u8 %${n};`
  const text = program(
    `%1 = alloca 300 align 8;%2 = alloca 300 align 8;%3 = alloca 300 align 8;` +
      `${fill(1, 1)}${fill(2, 2)}${fill(3, 3)}%20 = add i64 %11, %12;%21 = add i64 %20, %13;ret %21`,
  )
  const value = runObject(generate(moduleOf(text), { cpu: 3, check: true }), "f", [new Uint8Array(8)])
  assert.equal(value, 0x0606060606060606n)
})

test("functions that call each other use no more stack than they must", () => {
  const helper = "static func @g(ptr %a) -> i64 noinline {\nb0:\n %1 = load i64 u8 %a\n ret %1\n}"
  const call = (n: number, id: number) => `%${id} = call @g(%${n}) -> i64;`
  const text = program(`%1 = alloca 64 align 8;%2 = alloca 64 align 8;${call(1, 3)}${call(2, 4)}ret %4`, helper)
  assert.equal(depth(text), 64)
})

test("too much stack is an error that names the biggest locals", () => {
  const text = program(
    `%1 = alloca 400 align 8 "event";%2 = alloca 16 align 8 "key";%3 = alloca 256 align 8 "path";` +
      `call helper 100 use(%1, %2, %3) -> i64;ret 0`,
  )
  assert.throws(
    () => code(text),
    (e: unknown) => {
      assert.ok(e instanceof SkepError)
      assert.equal(e.code, "CODEGEN_STACK")
      assert.equal(
        e.message,
        "f needs 672 bytes of stack, the limit is 512: the biggest are event (400 bytes at prog.c:4:1), path (256 bytes at prog.c:6:1), key (16 bytes at prog.c:5:1)",
      )
      assert.match(e.hint ?? "", /BPF_PERCPU_ARRAY/)
      assert.deepEqual(
        e.parts.notes?.map(n => n.message),
        ["event takes 400 bytes", "path takes 256 bytes", "key takes 16 bytes"],
      )
      return true
    },
  )
})
