import assert from "node:assert/strict"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { scratch, skep } from "../support/cli.ts"

/** The command line starts with code that an earlier run kept, and without it. */

const program = "examples/hello_world.c"

function compile(caches: string, more: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr } = skep(["compile", "--emit=asm", program], {
    env: { ...process.env, XDG_CACHE_HOME: caches, ...more },
  })
  assert.equal(stderr, "")
  assert.equal(status, 0)
  return stdout
}

const newCaches = (): string => mkdtempSync(join(scratch(), "caches-"))
const codeIn = (caches: string): string[] => readdirSync(join(caches, "skep")).filter(name => name.startsWith("code-"))

const plain = compile(newCaches(), { SKEP_CACHE: "off" })

test("the first run keeps code, the next ones use it as it is", () => {
  const caches = newCaches()
  assert.equal(compile(caches), plain)
  const [name, ...others] = codeIn(caches)
  assert.deepEqual(others, [])
  const file = join(caches, "skep", name)
  assert.ok(statSync(file).size > 500_000, "the compiler's code is in it")
  const { mtimeMs } = statSync(file)
  assert.equal(compile(caches), plain)
  assert.equal(statSync(file).mtimeMs, mtimeMs)
})

test("a command that was not used before adds its code", () => {
  const caches = newCaches()
  compile(caches)
  const file = join(caches, "skep", codeIn(caches)[0])
  const before = readFileSync(file).toString("latin1", 0, 60)
  const { status } = skep(["cc", "--version"], { env: { ...process.env, XDG_CACHE_HOME: caches } })
  assert.equal(status, 0)
  const header = readFileSync(file).toString("latin1", 0, 60)
  assert.match(before, /^\["compile"\] /)
  assert.match(header, /^\["compile","cc"\] /)
  assert.equal(compile(caches), plain)
})

test("commands that only compile have code of their own", () => {
  const caches = newCaches()
  compile(caches)
  const [compiler] = codeIn(caches)
  const { status } = skep(["disasm", "--help"], { env: { ...process.env, XDG_CACHE_HOME: caches } })
  assert.equal(status, 0)
  const [all, ...others] = codeIn(caches).filter(name => name !== compiler)
  assert.deepEqual(others, [])
  assert.match(readFileSync(join(caches, "skep", all)).toString("latin1", 0, 60), /^\["disasm"\] /)
})

test("code that V8 refuses is made anew", () => {
  for (const bad of ["", "garbage", `["compile"]${" ".repeat(1100)}`]) {
    const caches = newCaches()
    compile(caches)
    const file = join(caches, "skep", codeIn(caches)[0])
    writeFileSync(file, bad)
    assert.equal(compile(caches), plain)
    assert.ok(statSync(file).size > 500_000)
  }
})

test("without a folder of our own to keep it in", () => {
  assert.equal(compile("/proc/no such place"), plain)
  const caches = newCaches()
  mkdirSync(join(caches, "skep"))
  chmodSync(join(caches, "skep"), 0o777)
  assert.equal(compile(caches), plain)
  assert.deepEqual(codeIn(caches), [])
})

test("SKEP_CACHE=off keeps nothing", () => {
  const caches = newCaches()
  assert.equal(compile(caches, { SKEP_CACHE: "off" }), plain)
  assert.ok(!existsSync(join(caches, "skep")))
})

test("compiling to a file loads no part of Node that it does not need", () => {
  const folder = newCaches()
  const hook = join(folder, "hook.cjs")
  writeFileSync(
    hook,
    `process.on("exit", () => require("fs").writeFileSync(__dirname + "/loaded", process.moduleLoadList.join("\\n")))`,
  )
  const env = { ...process.env, XDG_CACHE_HOME: folder, NODE_OPTIONS: `--require=${hook}` }
  assert.equal(skep(["compile", "-o", join(folder, "o"), program], { env }).status, 0)
  const loaded = readFileSync(join(folder, "loaded"), "latin1").split("\n")
  for (const name of ["v8", "zlib", "net", "stream", "child_process", "crypto", "module"]) {
    assert.ok(!loaded.includes(`NativeModule ${name}`), name)
  }
})

test("the kernel's types are kept with an index, and made anew where they are damaged", t => {
  if (!existsSync("/sys/kernel/btf/vmlinux")) return t.skip("this kernel does not tell its types")
  const caches = newCaches()
  const source = join(caches, "pid.c")
  writeFileSync(source, "int f(void *ctx, struct task_struct *task) { return task->pid + task->se.nr_migrations; }")
  const asm = (): string => {
    const env = { ...process.env, XDG_CACHE_HOME: caches }
    const { status, stdout, stderr } = skep(["compile", "--emit=asm", source], { env })
    assert.equal(stderr, "")
    assert.equal(status, 0)
    return stdout
  }
  const first = asm()
  const [name, ...others] = readdirSync(join(caches, "skep")).filter(file => file.startsWith("btf-"))
  assert.deepEqual(others, [])
  const file = join(caches, "skep", name)
  const whole = readFileSync(file)
  assert.equal(asm(), first)
  for (const bad of ["", "garbage", whole.subarray(0, 1_000_000), Buffer.alloc(whole.length)]) {
    writeFileSync(file, bad)
    assert.equal(asm(), first)
    assert.ok(readFileSync(file).equals(whole))
  }
})

test("a program on the embedded machine adds the code of that", () => {
  const caches = newCaches()
  const { status, stderr } = skep(["run", "--on", "vm", "--duration", "0.1", "examples/exit_codes.c"], {
    env: { ...process.env, XDG_CACHE_HOME: caches },
  })
  assert.equal(status, 0, stderr)
  const [name] = codeIn(caches)
  assert.match(readFileSync(join(caches, "skep", name)).toString("latin1", 0, 60), /"vm"/)
})
