import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"

/** A program of gcc's test suite that checks itself: it returns 0, or calls abort(). */
export interface TortureTest {
  readonly name: string
  readonly text: string
  /** False where the bytes of the file are no UTF-8. */
  readonly utf8: boolean
}

/** Where Debian's package gcc-12-source puts what it has. */
const source = "/usr/src/gcc-12"

/**
 * Tests that rest on what C leaves open: the difference of pointers to two objects, that the body of a function which is a builtin of gcc's is
 * not called, that an optimiser knows the value in a `__builtin_constant_p`.
 */
const UNDEFINED = new Set(["950710-1.c", "20021127-1.c", "builtin-constant.c"])

/** Unpacks the suite once, beside the system's temporary files. Undefined where it cannot be had. */
function unpacked(): string | undefined {
  const folder = join(tmpdir(), "skep-gcc-torture")
  const tests = join(folder, "gcc/testsuite/gcc.c-torture/execute")
  if (existsSync(tests)) return tests
  if (!existsSync(source) && process.getuid?.() === 0) {
    spawnSync("apt-get", ["install", "-y", "-q", "gcc-12-source"], { stdio: "ignore" })
  }
  const tarball = existsSync(source) ? readdirSync(source).find(name => /^gcc-.*\.tar\.xz$/.test(name)) : undefined
  if (tarball === undefined) return undefined
  mkdirSync(folder, { recursive: true })
  const wanted = "*/gcc/testsuite/gcc.c-torture/execute/*.c"
  const options = ["--strip-components=1", "--wildcards", "-C", folder]
  const { status } = spawnSync("tar", ["-xf", join(source, tarball), ...options, wanted], { stdio: "ignore" })
  return status === 0 ? tests : undefined
}

/** The suite's integer tests, in order of their names; undefined where the suite cannot be had. Files that others include are no tests. */
export function tortureTests(): TortureTest[] | undefined {
  const folder = unpacked()
  if (folder === undefined) return undefined
  const files = readdirSync(folder)
    .filter(name => name.endsWith(".c"))
    .sort()
  return files
    .filter(name => !UNDEFINED.has(name))
    .map(name => {
      const bytes = readFileSync(join(folder, name))
      const text = bytes.toString("utf8")
      const utf8 = Buffer.from(text, "utf8").equals(bytes)
      return { name: basename(name, ".c"), text: withIncludes(folder, text), utf8 }
    })
}

/** The text with the other tests that it includes, which include no more. */
function withIncludes(folder: string, text: string): string {
  return text.replace(/^\s*#\s*include\s*"([^"]+)".*$/gm, (line, name: string) => {
    const path = join(folder, name)
    return existsSync(path) ? readFileSync(path, "utf8") : line
  })
}
