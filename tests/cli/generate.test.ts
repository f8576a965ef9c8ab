import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { readElf } from "../../src/object/index.ts"
import { fileWith, scratch, skep } from "../support/cli.ts"
import { needsRoot } from "../support/kernel.ts"
import { typeChecks } from "../support/tsc.ts"
import { KINDS } from "../types/program.ts"

const example = "examples/task_switch.c"

test("skep types writes an interface that is called as the file", () => {
  const output = join(scratch(), "task_switch.d.ts")
  const { status, stderr } = skep(["types", example, "-o", output])
  assert.equal(status, 0, stderr)
  const text = readFileSync(output, "utf8")
  assert.match(text, /^export interface key_t \{\n {2}prev_pid: number\n {2}curr_pid: number\n\}$/m)
  assert.match(text, /^export interface TaskSwitch \{$/m)
  assert.match(text, /^ {4}stats: HashTable<key_t, bigint>$/m)
  assert.match(text, /^ {2}programs: "count_sched"$/m)
})

test("the types of an object file are those of its text", () => {
  const object = join(scratch(), "task_switch.o")
  assert.equal(skep(["compile", example, "-o", object]).status, 0)
  const [ofText, ofObject] = [example, object].map(file => skep(["types", "--name", "Prog", file]).stdout)
  assert.match(ofText, /^export interface Prog /m)
  assert.equal(ofObject.replaceAll("task_switch.o", "task_switch.c"), ofText)
})

test("a name that no type can have is refused", () => {
  const { status, stderr } = skep(["types", "--name", "prog", fileWith("x.c", "int f(void *ctx) { return 0; }")])
  assert.equal(status, 2)
  assert.match(stderr, /'prog' cannot be the name of a type/)
})

/** Runs a module in a folder where skep is installed; what it prints. */
function runs(file: string): string {
  mkdirSync(join(scratch(), "node_modules"), { recursive: true })
  const installed = join(scratch(), "node_modules/skep")
  if (!existsSync(installed)) symlinkSync(resolve("."), installed)
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" })
  assert.equal(status, 0, stderr)
  return stdout
}

const kinds = fileWith("kinds.c", KINDS)

test("skep gen writes a module that loads the program without its text", { skip: needsRoot }, () => {
  const output = join(scratch(), "kinds.mjs")
  const { status, stderr } = skep(["gen", kinds, "-o", output, "--object"])
  assert.equal(status, 0, stderr)
  const main = fileWith(
    "main.mjs",
    `import { Kinds, level } from "./kinds.mjs"
using(await Kinds.load({ autoAttach: false, globals: { threshold: 7 } }))
function using(b) {
  const stats = b.table("stats")
  stats.set({ pid: 1, comm: "sh" }, { level: level.HIGH, s64: -2n })
  for (const [key, value] of stats) console.log(key.pid, String(key.comm), value.level, value.s64)
  console.log(b.globals.threshold, typeof b.globals.CONFIG_HZ, b.maps.some(map => map.name.startsWith("skep")), b.eventNames.join())
  b.close()
}
const opened = await Kinds.open({ autoAttach: false })
opened.globals.title = "other"
opened.resize("stats", 3)
const b = opened.load()
console.log(b.table("stats").maxEntries, String(b.globals.title))
b.close()
`,
  )
  assert.equal(runs(main), "1 sh 5 -2n\n7 number false events\n3 other\n")
  const object = readFileSync(join(scratch(), "kinds.o"))
  assert.ok(readElf(object).programs.some(({ name }) => name === "started"))
  assert.ok(readFileSync(output, "utf8").includes(object.toString("base64")))
})

test("what skep gen writes has its types, in TypeScript and beside JavaScript", () => {
  for (const name of ["ts_kinds.ts", "js_kinds.js"]) {
    assert.equal(skep(["gen", kinds, "--name", "Kinds", "-o", join(scratch(), name)]).status, 0)
  }
  const text = (name: string): string => readFileSync(join(scratch(), name), "utf8")
  const use = (module: string): string => `import { type event, Kinds, level } from "./${module}"
import prog from "./${module}"
export async function main(): Promise<void> {
  using b: Kinds = await Kinds.load({ globals: { threshold: 7 } })
  b.table("stats").get({ pid: 1, comm: "sh" })?.u64.toString()
  const show = ({ who, ns }: event): void => console.log(who.pid.toFixed(), ns.toString())
  for await (const one of b.events("events")) show(one)
  // @ts-expect-error no such table
  b.table("stat")
  // @ts-expect-error no such variable
  await prog.load({ globals: { treshold: 7 } })
  // @ts-expect-error it is compiled
  await prog.load({ defines: { A: 1 } })
  const high: 5 | number = level.HIGH
  void high
}
`
  typeChecks("types/gen", {
    "ts_kinds.ts": text("ts_kinds.ts"),
    "use_ts.ts": use("ts_kinds.ts"),
    "js_kinds.js": text("js_kinds.js"),
    "js_kinds.d.ts": text("js_kinds.d.ts"),
    "use_js.ts": use("js_kinds.js"),
  })
})

test("code that counts drops can be left out", () => {
  const counted = skep(["gen", kinds]).stdout
  const plain = skep(["gen", "--no-counts", kinds]).stdout
  const drops = (text: string): boolean => Buffer.from(/"(f0VM[^"]*)"/.exec(text)![1], "base64").includes("skep_drops")
  assert.deepEqual([counted, plain].map(drops), [true, false])
})

test("a map that is pinned at a path of its own is so in a module", { skip: needsRoot }, () => {
  const source = fileWith(
    "pinned.c",
    'BPF_TABLE_PINNED("hash", u32, u64, seen, 16, "/sys/fs/bpf/skep_gen/other");\nint f(void *ctx) { u32 k = 0; seen.increment(k); return 0; }',
  )
  const { status, stderr } = skep(["gen", source, "-o", join(scratch(), "pinned.mjs")])
  assert.equal(status, 0, stderr)
  const show = 'import { Pinned } from "./pinned.mjs"\nconsole.log(Pinned.object.maps[0].pin)\n'
  assert.equal(runs(fileWith("pin.mjs", show)), "/sys/fs/bpf/skep_gen/other\n")
})

test("skep gen says what it cannot write", () => {
  assert.match(skep(["gen", example, "-o", "x.txt"]).stderr, /cannot tell what x\.txt is to be/)
  assert.match(skep(["gen", example, "--object"]).stderr, /--object needs a file to stand beside/)
})
