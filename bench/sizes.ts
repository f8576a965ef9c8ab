// Compile time against size: programs of 1,000, 10,000 and 20,000 statements of several kinds, compiled in this process; and by clang, where
// that is installed. The times are CPU time in milliseconds, which other processes disturb least. One line of JSON a program.
//   node sizes.mjs [KIND …]     these kinds only, and without clang
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
  copies: n =>
    body(
      `struct s { unsigned x, y, z, w; } s[8] = {};\nunsigned a = c->len, b = c->mark;\n${repeat(n, i => [`s[${i % 8}].x = a + ${i};`, `s[${(i * 5) % 8}] = s[${(i * 3 + 1) % 8}];`, `a += s[${(i * 3) % 8}].y;`, `b ^= s[${(i * 7) % 8}].x;`][i % 4])}`,
    ),
  fields: n =>
    body(
      `struct { unsigned x : 5, y : 11, z : 7, w : 9; } s = {};\nunsigned a = c->len, b = c->mark;\n${repeat(n, i => [`s.x += a;`, `s.${"yzw"[i % 3]} = b ^ ${i};`, `a += s.${"xyzw"[i % 4]};`, `b -= s.y + s.${"zw"[i % 2]};`][i % 4])}`,
    ),
  loops: n =>
    body(
      `unsigned a = c->len, b = c->mark;\n${repeat(n / 2, i => `for (unsigned i = 0; i < (b & ${(i % 31) + 1}); i++) a += b ^ i;`)}`,
    ),
  memory: n =>
    body(
      `unsigned a = 0, b = 0, t[32] = {};\n${repeat(n, i => `t[${(i * 7) % 32}] += t[${(i * 5) % 32}] + c->len;`)}\nb = t[3];`,
    ),
  nested: n =>
    body(
      `unsigned a = c->len, b = c->mark;\n${repeat(n / 5, i => `for (unsigned i = 0; i < (b & 7); i++) {\na += ${i};\nfor (unsigned j = 0; j < (a & 3); j++) {\nb ^= i * j;\na -= b;\n}\n}`)}`,
    ),
  values: n => {
    const type = "struct s { unsigned x, y; unsigned long z; };"
    const call =
      "static __attribute__((noinline)) unsigned g(struct s p, unsigned q) { p.x += q; return p.x ^ p.y + p.z; }"
    const text = repeat(n, i => (i % 2 === 0 ? `s.${"xyz"[i % 3]} += a + ${i};` : `a += g(s, b + ${i});`))
    return `${type}\n${call}\n${body(`struct s s = {};\nunsigned a = c->len, b = c->mark;\n${text}`)}`
  },
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

const wanted = process.argv.slice(2)
const kinds = Object.entries(KINDS).filter(([what]) => wanted.length === 0 || wanted.includes(what))
// What is loaded once, the kernel's types and the compiler's own code, is not the size's.
for (const [, make] of kinds) skepTime(make(100))
for (const [what, make] of kinds) {
  for (const statements of [1000, 10_000, 20_000]) {
    const text = make(statements)
    const ms = skepTime(text)
    const clang = wanted.length === 0 && statements <= 10_000 ? clangTime(text) : undefined
    process.stdout.write(`${JSON.stringify({ what, statements, ms, clang })}\n`)
  }
}
rmSync(folder, { recursive: true, force: true })
