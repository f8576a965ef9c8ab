import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type OracleFunction, prelude } from "./functions.ts"

export type Arguments = readonly [bigint, bigint, bigint]

/** A function as C text under a name; what stands before it comes first. */
export function oracleText(f: OracleFunction, name: string): string {
  const body = f.body.endsWith("}") ? f.body : `${f.body};`
  return `${prelude}${f.before}\nu64 ${name}(u64 a, u64 b, u64 c) { ${body} }\n`
}

/** Whether a native C compiler is there. */
export function hasNativeCompiler(): boolean {
  return spawnSync("gcc", ["--version"], { stdio: "ignore" }).status === 0
}

/** Words that are not names of the program. */
const reserved = new Set(
  `auto break case char const continue default do else enum extern for goto if inline int long register return short signed sizeof static
  struct switch typedef union unsigned void volatile while _Bool u8 u16 u32 u64 s8 s16 s32 s64 u128 s128 packed aligned noinline always_inline asm`.split(
    /\s+/,
  ),
)

/** Functions of the table stand in one file: the names that come before one are made its own by macros. */
function renamed(before: string, suffix: string): { define: string; undefine: string } {
  let define = ""
  let undefine = ""
  for (const name of new Set(before.match(/[A-Za-z_]\w*/g) ?? [])) {
    if (reserved.has(name) || name.startsWith("_")) continue
    define += `#define ${name} ${name}_${suffix}\n`
    undefine += `#undef ${name}\n`
  }
  return { define, undefine }
}

/** Builtins that gcc does not have, in plain C. */
const missing = [8, 16, 32, 64].map(
  n => `static u${n} __builtin_rotateleft${n}(u${n} x, u${n} c) { c &= ${n - 1}; return c ? x << c | x >> (${n} - c) : x; }
static u${n} __builtin_rotateright${n}(u${n} x, u${n} c) { return __builtin_rotateleft${n}(x, ${n} - (c & ${n - 1})); }
static u${n} __builtin_bitreverse${n}(u${n} x) { u${n} r = 0; for (int i = 0; i < ${n}; i++) r |= (u${n}) (x >> i & 1) << (${n - 1} - i); return r; }
`,
)

export interface NativeOptions {
  /** Whether undefined behaviour ends the native program (the default), which takes the compiler a third longer. */
  readonly traps?: boolean
}

/** The native compiler failed itself, whatever the C that it was given. */
class CompilerCrash extends Error {}

/** What `runNative` gives, and undefined for each function that the native compiler itself fails on, found by halving. */
export function runNativeWhereItCan(
  functions: readonly OracleFunction[],
  args: readonly Arguments[],
  options: NativeOptions = {},
): (bigint[] | undefined)[] {
  try {
    return runNative(functions, args, options)
  } catch (e) {
    if (!(e instanceof CompilerCrash)) throw e
    if (functions.length === 1) return [undefined]
    const half = functions.length >> 1
    return [functions.slice(0, half), functions.slice(half)].flatMap(part => runNativeWhereItCan(part, args, options))
  }
}

/**
 * What functions give when they are compiled natively, by function and argument, with one run of the compiler. @throws Error for undefined
 * behaviour that was trapped: the text is wrong then
 */
export function runNative(
  functions: readonly OracleFunction[],
  args: readonly Arguments[],
  { traps = true }: NativeOptions = {},
): bigint[][] {
  const dir = mkdtempSync(join(tmpdir(), "skep-oracle-"))
  try {
    let text = `#include <stdio.h>\n${prelude}${missing.join("")}`
    functions.forEach((f, i) => {
      const { define, undefine } = renamed(f.before, String(i))
      text += define + oracleText(f, `f${i}`).slice(prelude.length) + undefine
    })
    const list = functions.map((_, i) => `f${i}`).join(", ")
    text += `static u64 (*const functions[])(u64, u64, u64) = {${list}};\n`
    text += `static const u64 args[][3] = {${args.map(t => `{${t.map(v => `${v}ull`).join(", ")}}`).join(", ")}};\n`
    text += `int main() { for (int i = 0; i < ${functions.length}; i++) for (int k = 0; k < ${args.length}; k++) {`
    text += ` printf("%llu\\n", functions[i](args[k][0], args[k][1], args[k][2])); fflush(stdout); } }\n`
    writeFileSync(join(dir, "oracle.c"), text)
    const sanitiser = traps ? ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"] : []
    const flags = ["-O0", "-w", "-fno-strict-aliasing", "-std=gnu11", ...sanitiser]
    const compiled = spawnSync("gcc", [...flags, "-o", "oracle", "oracle.c"], { cwd: dir, encoding: "utf8" })
    if (/internal compiler error/.test(compiled.stderr)) throw new CompilerCrash(compiled.stderr)
    if (compiled.status !== 0) throw new Error(`gcc: ${compiled.stderr}`)
    const run = spawnSync(join(dir, "oracle"), [], { encoding: "utf8", maxBuffer: 1 << 28 })
    const lines = run.stdout.split("\n").filter(line => line !== "")
    if (run.status !== 0) {
      const wrong = functions[Math.floor(lines.length / args.length)]
      const given = args[lines.length % args.length]
      throw new Error(`undefined behaviour in ${wrong?.before} ${wrong?.body} with ${given?.join(", ")}`)
    }
    return functions.map((_, i) => lines.slice(i * args.length, (i + 1) * args.length).map(BigInt))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
