// Compile time against size: programs of 100, 1,000 and 10,000 statements of five kinds, compiled in this process; and by clang, where that is
// installed. The times are CPU time in milliseconds, which other processes disturb least. One line of JSON a program.
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { cpuOfVersion, runningTarget } from "../src/bpf/index.ts"
import { compile } from "../src/compiler/index.ts"

const repeat = (n: number, one: (i: number) => string): string => Array.from({ length: n }, (_, i) => one(i)).join("\n")
const body = (text: string): string => `int f(struct __sk_buff *c)\n{\n${text}\nreturn a ^ b;\n}\n`

/** Programs of `n` statements, by kind. */
const KINDS: Readonly<Record<string, (n: number) => string>> = {
  arithmetic: n =>
    body(
      `unsigned a = c->len, b = c->mark;\n${repeat(n, i => ["a += b * 3;", "b ^= a >> 5;", `a -= b ^ ${i};`, "b += a / 3;"][i % 4])}`,
    ),
  branches: n =>
    body(
      `unsigned a = c->len, b = c->mark;\n${repeat(n, i => `if (a ${["<", ">", "==", "!="][i % 4]} ${(i * 7919) % 65521}) ${i % 2 === 0 ? "a += b;" : "b ^= a;"}`)}`,
    ),
  calls: n => body(`unsigned a = c->len, b = c->mark;\n${repeat(n, i => `a += bpf_get_prandom_u32() * b + ${i};`)}`),
  cases: n =>
    body(
      `unsigned a = c->len, b = 0;\nswitch (a) {\n${repeat(n, i => `case ${i * 3}: b = a * ${i % 1000} + ${i}; break;`)}\n}`,
    ),
  memory: n =>
    body(
      `unsigned a = 0, b = 0, t[32] = {};\n${repeat(n, i => `t[${(i * 7) % 32}] += t[${(i * 5) % 32}] + c->len;`)}\nb = t[3];`,
    ),
}

/** What clang needs to know of these programs. */
const PRELUDE = `struct __sk_buff { unsigned len, pkt_type, mark; };
static unsigned (*bpf_get_prandom_u32)(void) = (void *)7;
__attribute__((section("socket")))
`
const CLANG = ["clang-19", "clang"].find(name => spawnSync(name, ["--version"]).status === 0)
const folder = mkdtempSync(join(tmpdir(), "skep-bench-"))

/** CPU time of clang, which the shell tells. */
function clangTime(text: string): number | undefined {
  if (CLANG === undefined) return undefined
  const file = join(folder, "program.c")
  writeFileSync(file, PRELUDE + text)
  const command = `${CLANG} -O2 -target bpf -mcpu=v3 -c ${file} -o ${file}.o && times`
  const { status, stdout } = spawnSync("sh", ["-c", command], { encoding: "utf8", timeout: 120_000 })
  if (status !== 0) return undefined
  const seconds = [
    ...stdout
      .trim()
      .split("\n")
      .at(-1)!
      .matchAll(/(\d+)m([\d.]+)s/g),
  ].map(m => Number(m[1]) * 60 + Number(m[2]))
  return 1000 * seconds.reduce((a, b) => a + b, 0)
}

function skepTime(text: string): number {
  const before = process.cpuUsage()
  compile({ name: "program.c", text, target: runningTarget(), cpu: cpuOfVersion() })
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

// What is loaded once, the kernel's types and the compiler's own code, is not the size's.
for (const make of Object.values(KINDS)) skepTime(make(100))
for (const [what, make] of Object.entries(KINDS)) {
  for (const statements of [100, 1000, 10_000]) {
    const text = make(statements)
    process.stdout.write(`${JSON.stringify({ what, statements, ms: skepTime(text), clang: clangTime(text) })}\n`)
  }
}
rmSync(folder, { recursive: true, force: true })
