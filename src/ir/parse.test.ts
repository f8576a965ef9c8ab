import assert from "node:assert/strict"
import { test } from "node:test"
import { SkepError } from "../base/index.ts"
import { parseFunction, parseModule } from "./parse.ts"
import { printFunction, printModule } from "./print.ts"

/** A line of a function body that prints as it was read. `%p` is a pointer, `%i` an i32, `%l` an i64. */
function line(text: string): void {
  test(text, () => {
    const source = `func @f(ptr %p, i32 %i, i64 %l) -> void {\nb0:\n  ${text}\n  ret\n}\n`
    assert.equal(printFunction(parseFunction(source)), source)
  })
}

line('%1 = alloca 16 align 8 "key"')
line("%1 = load i32 u4 %p")
line("%1 = load i64 s2 volatile align 1 %p")
line("%1 = load ptr u8 %p")
line("%1 = load i64 u8 volatile ordered %p")
line("store 1 volatile ordered %p, %i")
line("store 4 %p, %i")
line("store 4 %p, i64 7")
line("store 8 volatile align 4 %p, -1")
line("store 8 %p, ptr 0")
line("memcpy 24 align 8 %p, %p")
line("memset 3 align 1 %p, 255")
line("%1 = ptradd %p, 8")
line("%1 = ptradd %p, %l")
line("%1 = ptradd 0x1000, %l")
for (const op of ["add", "sub", "mul", "udiv", "sdiv", "urem", "srem", "and", "or", "xor", "shl", "lshr", "ashr"]) {
  line(`%1 = ${op} i32 %i, -5`)
}
for (const pred of ["eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge"]) {
  line(`%1 = cmp ${pred} i64 %l, 4294967296`)
}
line("%1 = cmp eq ptr %p, 0")
line("%1 = select i64 %i, %l, undef")
line("%1 = select i32 %l, 1, 2")
line("%1 = zext i64 %i")
line("%1 = sext i64 %i")
line("%1 = trunc i32 %l")
line("%1 = ptrtoint i64 %p")
line("%1 = inttoptr ptr %l")
line("%1 = sextin i64 32 %l")
line("%1 = bswap 16 %i")
line("%1 = bswap 64 %l")
line("%1 = call helper 14 get_current_pid_tgid() -> i64")
line("call helper 6 trace_printk(%p, i32 7) -> void")
line("%1 = call @g(%p, ptr 0, i64 undef) -> i32")
line("%1 = call pointer(%p, %l) -> i64")
line("%1 = call kfunc bpf_task_acquire(%p) -> ptr")
line("%1 = atomic add 8 %p, 1")
line("%1 = atomic cmpxchg 4 %p, 0, %i")
line("%1 = mapaddr @stats")
line("%1 = globaladdr @x.1")
line("%1 = funcaddr @callback")
line("%1 = ldpacket 2 at 12 %p")
line("%1 = ldpacket 4 at 0 %p, %i")
line("%1 = opaque i64 %l")
line("opaque")
line('%1 = core i64 field_byte_offset 12 "0:1:2" = 24')
line('%1 = core i32 enum_value 3 "1" = -1')
line("%1 = ksymaddr @jiffies 0")
line("%1 = ksymaddr @bpf_prog_active 7 weak")
line("%1 = ascast 1 0 %p")
line('%1 = asm volatile memory "call %0" out i64 0 out i32 sym function @g (%l, %p)')
line('%1 = asm exits 2 "if %w0 > 1 goto %l0; goto %l1" (%i)')
line('%1 = asm "r0 = 0" out i64 ()\n  %2 = asmout i64 0 %1')

test("a loop with phis, unroll request and use before definition", () => {
  const source = `static func @sum(i32 %n) -> i32 inline {
b0:
  jump b1
b1: unroll full
  %1 = phi i32 [b0: 0], [b2: %4]
  %2 = phi i32 [b0: 0], [b2: %5]
  %3 = cmp ult i32 %1, %n
  br %3, b2, b3
b2:
  %4 = add i32 %1, 1
  %5 = add i32 %2, %1
  jump b1
b3:
  ret %2
}
`
  const func = parseFunction(source)
  assert.equal(printFunction(func), source)
  assert.equal(func.nextId, 6)
  assert.deepEqual(
    func.blocks[1].preds.map(b => b.id),
    [0, 2],
  )
})

test("a module", () => {
  const source = `module "m.c" license "GPL"
map @stats hash key 4 value 8 max 10240 flags 1
map @data array key 4 value 8 max 1 frozen = 0001020304050607
global @x .rodata+0 size 8 align 8 constant = 0001020304050607
global @y .bss+0 size 4 align 4
program @f section ".bpf.fn.f" type kprobe attach {"kind":"kprobe","event":"e"}

func @f(ptr %ctx) -> i32 {
b0:
  %1 = call @sum(i32 1) -> i32
  ret %1
}

global func @sum(i32 %n) -> i32 noinline {
b0:
  ret %n
}

static func @one(i32 %n) -> i32 {
b0:
  ret 1
}

callback func @each(ptr %n) -> i64 {
b0:
  ret 0
}
`
  const module = parseModule(source)
  assert.equal(printModule(module), source)
  assert.deepEqual(
    module.functions.map(f => f.role),
    ["program", "global", "static", "callback"],
  )
})

test("unnamed and doubled parameters get names of their own", () => {
  const func = parseFunction("func @f(i32 %a, i32 %b) -> i32 {\nb0:\n ret %b\n}")
  const [a, b] = func.params
  func.params = [a, b]
  Object.assign(a, { name: "" })
  Object.assign(b, { name: "arg0" })
  assert.equal(printFunction(func).split("\n")[0], "func @f(i32 %arg0, i32 %arg0_) -> i32 {")
})

/** Text that is refused, with the message. */
function refused(body: string, message: string): void {
  test(`refused: ${body}`, () => {
    assert.throws(
      () => parseFunction(`func @f(i32 %i) -> i32 {\nb0:\n  ${body}\n}\n`),
      (e: unknown) => e instanceof SkepError && e.code === "IR_SYNTAX" && e.message === message,
    )
  })
}

refused("ret %7", "line 3: %7 is not defined")
refused("jump b9", "line 4: block b9 is not defined")
refused("%1 = frob i32 %i", 'line 3: unknown instruction "frob"')
refused("%1 = add f32 %i, 1", 'line 3: unknown word "f32"')
refused("%1 = call @g(3) -> i32", "line 3: a constant needs its type here")
refused("%1 = add i32 %i, 1\n  %1 = add i32 %i, 1", "line 4: %1 is defined twice")
refused("add i32 %i, 1", "line 3: add gives a value: name it")
refused("%1 = store 4 %i, 1", "line 3: store gives no value")
refused("ret ?", 'line 3: unexpected character "?"')
refused("%1 = load i32 u3 %i", 'line 3: expected s or u and a width, found "u3"')
refused("ret 1\nb0:\n ret 1", "line 4: block b0 is defined twice")
