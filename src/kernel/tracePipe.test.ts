import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { test } from "node:test"
import { childScenarios, kernel, needsRoot, object, program, runChild, traced } from "../../tests/support/kernel.ts"
import { alu64Imm, BPF_ADD, BPF_B, call, exit, mov64Imm, mov64Reg, storeImm } from "../isa/index.ts"
import type { Loaded } from "../machine/index.ts"
import type { ProgramSpec } from "../object/index.ts"

const skip = needsRoot
const TRACE_PRINTK = 6

/** A program that prints a text of at most 200 bytes. */
function prints(name: string, text: string): ProgramSpec {
  const bytes = [...new TextEncoder().encode(text), 0]
  const base = -((bytes.length + 7) & ~7)
  return program(
    name,
    [
      ...bytes.map((byte, i) => storeImm(BPF_B, 10, base + i, byte)),
      mov64Reg(1, 10),
      alu64Imm(BPF_ADD, 1, base),
      mov64Imm(2, bytes.length),
      call(TRACE_PRINTK),
      mov64Imm(0, 0),
      exit(),
    ],
    { type: "raw_tracepoint" },
  )
}

/** Runs a program in the calling thread, so that what it prints carries this process's pid. */
const runs = (loaded: Loaded, name: string): unknown => loaded.program(name).testRun()

const mine = { pid: process.pid }
const mark = `skep-${process.pid}`

/** Reads one line, and then does not look at the reader again. */
async function idle(): Promise<void> {
  const loaded = kernel().load(object({ programs: [prints("a", "a")] }))
  const trace = await traced(mine)
  setTimeout(() => runs(loaded, "a"), 10)
  await trace.next()
  console.log("read one")
}

/** Waits for what never comes. */
async function interrupted(): Promise<void> {
  setTimeout(() => process.kill(process.pid, "SIGINT"), 50)
  await (await traced({ pid: 1 })).next()
}

if (!childScenarios({ idle, interrupted })) {
  test("what a program prints comes out, field by field", { skip }, async () => {
    using loaded = kernel().load(object({ programs: [prints("hello", `${mark} hello: world`)] }))
    using trace = await traced(mine)
    runs(loaded, "hello")
    const { value } = await trace.next()
    assert.equal(value?.message, `${mark} hello: world`)
    assert.equal(value?.pid, process.pid)
    assert.ok(value !== undefined && value.timestamp > 0 && value.cpu >= 0 && value.task !== "")
  })

  test("lines that come later are waited for, in order", { skip }, async () => {
    using loaded = kernel().load(object({ programs: [prints("a", `${mark} a`), prints("b", `${mark} b`)] }))
    const got: string[] = []
    setTimeout(() => {
      runs(loaded, "a")
      runs(loaded, "b")
      setTimeout(() => runs(loaded, "a"), 20)
    }, 20)
    for await (const line of await traced(mine)) {
      got.push(line.message)
      if (got.length === 3) break
    }
    assert.deepEqual(got, [`${mark} a`, `${mark} b`, `${mark} a`])
  })

  test("a message with line ends gives lines that continue the first", { skip }, async () => {
    using loaded = kernel().load(object({ programs: [prints("two", `${mark} one\ntwo`)] }))
    using trace = await traced(mine)
    runs(loaded, "two")
    const first = (await trace.next()).value
    const second = (await trace.next()).value
    assert.equal(first?.message, `${mark} one`)
    assert.equal(second?.message, "two")
    assert.equal(second?.continued, true)
    assert.equal(second?.pid, process.pid)
  })

  test("a message that ends its line itself is one line", { skip }, async () => {
    using loaded = kernel().load(object({ programs: [prints("a", `${mark} a\n`), prints("b", `${mark} b`)] }))
    using trace = await traced(mine)
    runs(loaded, "a")
    runs(loaded, "b")
    assert.equal((await trace.next()).value?.message, `${mark} a`)
    assert.equal((await trace.next()).value?.message, `${mark} b`)
  })

  test("closing ends a wait at once", { skip }, async () => {
    const trace = await traced(mine)
    const wait = trace.next()
    const also = trace.next()
    trace.close()
    trace.close()
    assert.deepEqual(await wait, { done: true, value: undefined })
    assert.deepEqual(await also, { done: true, value: undefined })
    assert.deepEqual(await trace.next(), { done: true, value: undefined })
  })

  test("a hundred readers one after another leave no descriptor", { skip }, async () => {
    const before = readdirSync("/proc/self/fd").length
    for (let i = 0; i < 100; i++) {
      const trace = await traced(mine)
      const wait = trace.next()
      trace.close()
      await wait
    }
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(readdirSync("/proc/self/fd").length, before)
  })

  test("a reader that nobody waits for lets the process end", { skip }, () => {
    const child = runChild(import.meta.url, "idle")
    assert.equal(child.stdout, "read one\n", child.stderr)
    assert.equal(child.status, 0)
  })

  test("a reader that is waited for keeps the process, and a signal ends it", { skip }, () => {
    const child = runChild(import.meta.url, "interrupted")
    assert.equal(child.signal, "SIGINT", child.stderr)
  })
}
