import assert from "node:assert/strict"
import { test } from "node:test"
import { needsMachine } from "../../../tests/support/kernel.ts"
import { BPF, Queue, usdtArgumentType } from "../index.ts"
import { textOfValue, valueOfText } from "./text.ts"

function both(value: unknown, text: string): void {
  test(`${text} is written and read`, () => {
    assert.equal(textOfValue(value), text)
    assert.deepEqual(valueOfText(text, value), value)
  })
}

both(0, "0x0")
both(42, "0x2a")
both(-1, "-0x1")
both(2n ** 63n, "0x8000000000000000")
both([1, 2, 3], "[ 0x1 0x2 0x3 ]")
both({ pid: 1, total: 2n }, "{ 0x1 0x2 }")
both({ ids: [1, 2], inner: { a: 3n } }, "{ [ 0x1 0x2 ] { 0x3 } }")
both(Uint8Array.of(1, 255), "[ 0x1 0xff ]")

function bad(text: string, message: RegExp): void {
  test(`${text} is no { 0x0 0x0 }`, () =>
    assert.throws(() => valueOfText(text, { a: 0, b: 0n }), { code: "BTF_VALUE_TYPE", message }))
}

bad("", /'{' is missing/)
bad("{ 1 }", /a number is missing .* before }/)
bad("{ 1 2 3 }", /'}' is missing .* before 3/)
bad("{ 1 2 } 3", /the end is missing/)
bad("{ 1 bees }", /a number is missing/)

test("keys and values of a table as text", { skip: needsMachine }, async () => {
  using b = await BPF.load({
    text: `struct key_t { u32 pid; char comm[8]; };
BPF_HASH(t, struct key_t, u64);
BPF_QUEUE(q, u32, 4);
int f(void *ctx) { return 0; }`,
  })
  const table = b.table("t")
  table.set({ pid: 1, comm: 'a"b' }, 7n).set({ pid: 2, comm: "" }, 8n)
  const [[key]] = [...table].filter(([{ pid }]) => pid === 1)
  assert.equal(table.keyText(key), '{ 0x1 "a\\"b" }')
  assert.equal(table.get(table.keyOfText('{ 1 "a\\"b" }')), 7n)
  assert.equal(table.valueText(table.valueOfText("0x8")), "0x8")
  table.zero()
  assert.deepEqual([...table.values()], [0n, 0n])
  const queue = b.table("q", Queue)
  queue.push(queue.valueOfText("0x10"))
  assert.equal(queue.valueText(queue.pop()), "0x10")
})

function type(argument: string, expected: string | undefined): void {
  test(`a USDT argument ${argument} is ${expected}`, () => assert.equal(usdtArgumentType(argument), expected))
}

type("-4@%edi", "int")
type("8@-24(%rbp)", "unsigned long long")
type("1@%al", "unsigned char")
type("-2@[sp, 8]", "short")
type("4f@%xmm0", undefined)
type("%rax", "unsigned long long")
