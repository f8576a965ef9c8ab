import assert from "node:assert/strict"
import { test } from "node:test"
import { type InterpOptions, interpret } from "../../tests/support/irInterp.ts"
import { assertValid } from "./check.ts"
import { parseFunction, parseModule } from "./parse.ts"

/** A body on `%p` (16 bytes, 1 to 16), `%i` = 7 and `%l` = -7, and the signed value it returns. */
function gives(body: string, expected: number | bigint, options: InterpOptions = {}): void {
  test(body, () => {
    const func = parseFunction(`func @f(ptr %p, i32 %i, i64 %l) -> i64 {\nb0:\n ${body}\n}`)
    assertValid(func)
    const { value } = interpret(func, [Uint8Array.from({ length: 16 }, (_, i) => i + 1), 7, -7], options)
    assert.equal(BigInt.asIntN(64, value), BigInt(expected))
  })
}

/** A body that faults. */
function faults(body: string, message: RegExp): void {
  test(`${body} faults`, () => {
    const func = parseFunction(`func @f(ptr %p, i32 %i, i64 %l) -> i64 {\nb0:\n ${body}\n}`)
    assert.throws(() => interpret(func, [new Uint8Array(16), 7, -7], { steps: 1000 }), message)
  })
}

gives("ret %l", -7)
gives("%1 = zext i64 %i\n %2 = mul i64 %1, %l\n ret %2", -49)
gives("%1 = sdiv i64 %l, 2\n ret %1", -3)
gives("%1 = udiv i64 %l, 0\n ret %1", 0)
gives("%1 = srem i64 %l, 0\n ret %1", -7)
gives("%1 = sub i32 %i, 8\n %2 = zext i64 %1\n ret %2", 0xffffffff)
gives("%1 = sub i32 %i, 8\n %2 = sext i64 %1\n ret %2", -1)
gives("%1 = shl i32 %i, 33\n %2 = zext i64 %1\n ret %2", 14)
gives("%1 = ashr i64 %l, 1\n ret %1", -4)
gives("%1 = lshr i64 %l, 60\n ret %1", 15)
gives("%1 = cmp slt i64 %l, 0\n %2 = select i64 %1, 3, 4\n ret %2", 3)
gives("%1 = cmp ult i64 %l, 0\n %2 = select i64 %1, 3, 4\n ret %2", 4)
gives("%1 = load i64 u2 align 1 %p\n ret %1", 0x0201)
gives("store 1 %p, 255\n %1 = load i64 s1 %p\n ret %1", -1)
gives("store 1 %p, 255\n %1 = load i64 u1 %p\n ret %1", 255)
gives("%1 = ptradd %p, 8\n memcpy 4 align 1 %p, %1\n %2 = load i64 u4 %p\n ret %2", 0x0c0b0a09)
gives("memset 3 align 1 %p, 1\n %1 = load i64 u4 %p\n ret %1", 0x04010101)
gives("%1 = bswap 32 %i\n %2 = zext i64 %1\n ret %2", 0x07000000)
gives("%1 = sextin i64 8 255\n ret %1", -1)
gives("%1 = atomic add 8 %p, 1\n %2 = load i64 u8 %p\n %3 = sub i64 %2, %1\n ret %3", 1)
gives("%1 = atomic cmpxchg 8 %p, 5, 1\n %2 = load i64 u8 %p\n %3 = sub i64 %2, %1\n ret %3", 0)
gives("%1 = ldpacket 2 at 1 %p\n %2 = zext i64 %1\n ret %2", 0x0203, { packet: Uint8Array.of(1, 2, 3) })
gives("%1 = ldpacket 2 at 1 %p, %i\n ret -1", 0, { packet: Uint8Array.of(1, 2, 3) })
gives("%1 = call helper 5 ktime(%i) -> i64\n ret %1", 12, { helper: ({ id, args }) => id + Number(args[0]) })
gives("%1 = alloca 8 align 8\n %2 = load i64 u8 %1\n ret %2", 0x0101010101010101n, { fill: 1 })
gives("ret undef", 9, { undef: 9n })

faults("%1 = ptradd %p, 9\n %2 = load i64 u8 align 1 %1\n ret %2", /outside argument 0/)
faults("%1 = ptradd %p, 1\n %2 = load i64 u8 %1\n ret %2", /not aligned to 8/)
faults("%1 = load i64 u8 0\n ret %1", /no such memory/)
faults("jump b1\nb1:\n jump b1", /too many steps/)
faults("unreachable", /unreachable/)
faults("%1 = call helper 5 ktime() -> i64\n ret %1", /no helper ktime/)

test("phis of one block take their values at the same time", () => {
  const func = parseFunction(`func @fib(i32 %n) -> i32 {
b0:
  jump b1
b1:
  %1 = phi i32 [b0: 0], [b1: %2]
  %2 = phi i32 [b0: 1], [b1: %3]
  %4 = phi i32 [b0: 0], [b1: %5]
  %3 = add i32 %1, %2
  %5 = add i32 %4, 1
  %6 = cmp ult i32 %5, %n
  br %6, b1, b2
b2:
  ret %2
}`)
  assertValid(func)
  assert.equal(interpret(func, [10]).value, 55n)
})

test("functions call functions, globals keep their content, and the trace tells what can be seen", () => {
  const module = parseModule(`module "m" license "GPL"
map @m hash key 4 value 8 max 1
global @g .data+0 size 4 align 4 = 05000000
global @r .rodata+0 size 4 align 4 constant = 01000000
func @f() -> i32 {
b0:
  %1 = alloca 4 align 4 "x"
  call @set(%1, i32 6) -> void
  %2 = mapaddr @m
  %3 = call helper 1 map_lookup_elem(%2, %1) -> ptr
  %4 = globaladdr @g
  %5 = load i32 u4 volatile %4
  %6 = load i32 u4 %1
  %7 = add i32 %5, %6
  store 4 volatile %4, %7
  ret %7
}
static func @set(ptr %p, i32 %v) -> void {
b0:
  store 4 %p, %v
  ret
}
`)
  const result = interpret(module.functions[0], [], { module, helper: () => 0 })
  assert.equal(result.value, 11n)
  assert.deepEqual(result.trace, ["map_lookup_elem(m, x)", "load 4 g", "store 4 g 11"])
})
