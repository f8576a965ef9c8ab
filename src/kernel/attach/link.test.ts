import assert from "node:assert/strict"
import { existsSync, rmSync } from "node:fs"
import { after, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { counter, counting, enter, hits, kernel, map, needsRoot, object } from "../../../tests/support/kernel.ts"
import { enableStats } from "../bpf/index.ts"
import { openPinnedLink, openPinnedProgram } from "../openPinned.ts"
import { removePin } from "../pin.ts"
import { pinPath } from "../pins.ts"
import { closeFd } from "../raw/index.ts"

const skip = needsRoot
const folder = `skep-link-test-${process.pid}`
const sysEnter = { kind: "raw_tracepoint", event: "sys_enter" } as const

after(() => {
  if (!needsRoot) rmSync(pinPath(folder), { recursive: true, force: true })
})

test("a link tells its number, its program and its place", { skip }, () => {
  using loaded = counting("raw_tracepoint")
  const program = loaded.program("count")
  const link = program.attach(sysEnter)
  const { info } = link
  assert.ok(info !== undefined && info.id > 0)
  assert.equal(info.programId, program.info.id)
  assert.equal(info.type === "raw_tracepoint" && info.tracepoint, "sys_enter")
  link.detach()
  assert.throws(() => link.info, { code: "MACHINE_CLOSED" })
})

test("an attachment by perf is no link of the kernel", { skip }, () => {
  using loaded = counting("tracepoint")
  using link = loaded.program("count").attach({ kind: "tracepoint", category: "syscalls", event: "sys_enter_getpgid" })
  assert.equal(link.info === undefined || link.info.type === "perf_event", true)
})

test("a raw tracepoint's program cannot be replaced", { skip }, () => {
  using loaded = counting("raw_tracepoint")
  using other = counting("raw_tracepoint")
  using link = loaded.program("count").attach(sysEnter)
  assert.throws(() => link.update(other.program("count")), {
    code: "KERNEL_LINK_UPDATE",
    message: "the program of a raw tracepoint cannot be replaced while it is attached: raw_tracepoint sys_enter",
  })
  assert.equal(link.program, loaded.program("count"))
})

/** The kernel ends an attachment soon after its last pin or descriptor is gone. */
async function ends(count: () => number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const before = count()
    enter(5)
    if (count() === before) return
    await sleep(10)
  }
  assert.fail("it still runs")
}

test("a pinned link stays when its object is disposed, and goes with its pin", { skip }, async () => {
  const path = `${pinPath(folder)}/stays`
  const maps = [map("hits", "array", { maxEntries: 1 })]
  using tables = kernel().load(object({ maps }))
  const load = () =>
    kernel().load(object({ programs: [counter("count", "raw_tracepoint")], maps }), { maps: tables.maps })
  const loaded = load()
  loaded.program("count").attach(sysEnter).pin(path)
  loaded[Symbol.dispose]()
  const before = hits(tables)
  enter(5)
  assert.ok(hits(tables) >= before + 5)
  assert.equal(removePin(path), true)
  assert.equal(removePin(path), false)
  await ends(() => hits(tables))
})

test("detaching a pinned link removes the pin", { skip }, async () => {
  const path = `${pinPath(folder)}/goes`
  using loaded = counting("raw_tracepoint")
  const link = loaded.program("count").attach(sysEnter)
  link.pin(path)
  assert.ok(existsSync(path))
  link.detach()
  assert.equal(existsSync(path), false)
  await ends(() => hits(loaded))
})

test("what is pinned is opened as what it is", { skip }, () => {
  const path = `${pinPath(folder)}/opened`
  using loaded = counting("raw_tracepoint")
  const program = loaded.program("count")
  const link = program.attach(sysEnter)
  program.pin(`${path}-program`)
  link.pin(`${path}-link`)
  using opened = openPinnedProgram(`${path}-program`)
  assert.equal(opened.info.id, program.info.id)
  using same = openPinnedLink(`${path}-link`)
  assert.equal(same.info.id, link.info?.id)
  assert.throws(() => openPinnedLink(`${path}-program`), { code: "KERNEL_PIN" })
  assert.throws(() => openPinnedProgram(`${path}-link`), { code: "KERNEL_PIN" })
  assert.throws(() => openPinnedProgram(`${path}-none`), { code: "KERNEL_PIN" })
  assert.equal(opened.unpin(), true)
})

test("only what is in a BPF file system can be removed as a pin", { skip }, () => {
  assert.throws(() => removePin(import.meta.filename), { code: "KERNEL_PIN" })
})

test("a program tells its number, tag, sizes and maps", { skip }, () => {
  using loaded = counting("raw_tracepoint")
  const { info } = loaded.program("count")
  assert.ok(info.id > 0 && info.loadTime > 0 && info.verifiedInstructions > 0)
  assert.deepEqual([info.name, info.uid, info.gplCompatible, info.mapIds.length], ["count", 0, true, 1])
  assert.match(info.tag, /^[0-9a-f]{16}$/)
  assert.ok(info.xlatedSize >= 14 * 8 && info.jitedSize >= 0)
  assert.equal(info.runCount, 0)
})

test("runs are counted while statistics are on", { skip }, () => {
  using loaded = counting("raw_tracepoint")
  using _ = loaded.program("count").attach(sysEnter)
  const stats = enableStats()
  assert.ok(stats > 0)
  enter(10)
  closeFd(stats)
  const { runCount, runTime } = loaded.program("count").info
  assert.ok(runCount >= 10 && runTime > 0, `${runCount} runs, ${runTime} ns`)
})
