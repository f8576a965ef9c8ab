import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { readElf } from "../../../src/object/index.ts"
import { runObject } from "../program.ts"
import { ENTRY, headers, PASSED, wholeProgram } from "./headers.ts"

const clang = ["clang-19", "clang-18", "clang-17", "clang-16", "clang-15", "clang-14", "clang"].find(
  name => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
)

/** Where clang finds no header but ours. */
function withFiles<T>(text: string, use: (folder: string, flags: readonly string[]) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "skep-peer-"))
  try {
    const include = join(folder, "include")
    mkdirSync(include)
    for (const [name, content] of Object.entries(headers)) writeFileSync(join(include, name), content)
    writeFileSync(join(folder, "test.c"), text)
    return use(folder, ["-w", "-std=gnu89", "-nostdinc", "-I", include, join(folder, "test.c")])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What clang's BPF program for a test does: passes in the kernel, or where it stops. Undefined without clang. */
export function clangOnBpf(test: string): "passes" | "does not compile" | "does not run" | undefined {
  if (clang === undefined) return undefined
  const first = clangWith(clang, wholeProgram(test, "flag"))
  return first === "does not run" ? clangWith(clang, wholeProgram(test, "throw")) : first
}

function clangWith(compiler: string, text: string): "passes" | "does not compile" | "does not run" {
  return withFiles(text, (folder, flags) => {
    const object = join(folder, "test.o")
    const target = ["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-c", "-o", object]
    if (spawnSync(compiler, [...target, ...flags], { stdio: "ignore" }).status !== 0) return "does not compile"
    try {
      return runObject(readElf(readFileSync(object)), ENTRY) === PASSED ? "passes" : "does not run"
    } catch {
      return "does not run"
    }
  })
}

/** Whether a test passes natively when clang compiles it: some rest on what only gcc does. */
export function clangNatively(test: string): boolean | undefined {
  if (clang === undefined) return undefined
  // The entry becomes main(), and the test's main() another function.
  const text = wholeProgram(test, "flag").replace("#line 1\n", "#define main test_main\n#line 1\n")
  return withFiles(`${text}\n#undef main\nint main(void) { return ${ENTRY}(0); }\n`, (folder, flags) => {
    const program = join(folder, "test")
    const { status } = spawnSync(clang, ["-O1", ...flags, "-o", program], { stdio: "ignore" })
    return status === 0 && spawnSync(program, [], { stdio: "ignore", timeout: 10_000 }).status === PASSED
  })
}
