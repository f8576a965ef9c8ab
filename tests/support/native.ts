import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Compilers of this machine, among those named, that answer. */
export function compilers(...names: readonly string[]): string[] {
  return names.filter(name => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0)
}

/** Compiles a C program natively, runs it and returns what it prints. Throws with the compiler's messages. */
export function runNative(compiler: string, source: string): string {
  return inTemporaryFolder(folder => {
    const file = join(folder, "program.c")
    const program = join(folder, "program")
    writeFileSync(file, source)
    execFileSync(compiler, ["-w", "-O0", "-o", program, file], { stdio: ["ignore", "ignore", "pipe"] })
    return execFileSync(program, { encoding: "utf8", maxBuffer: 1 << 26 })
  })
}

/** Messages of a compiler that only checks a C text; empty when it is content. */
export function checkSyntax(compiler: string, source: string): string {
  return inTemporaryFolder(folder => {
    const file = join(folder, "program.c")
    writeFileSync(file, source)
    const run = spawnSync(compiler, ["-w", "-fsyntax-only", file], { encoding: "utf8", maxBuffer: 1 << 26 })
    return run.status === 0 ? "" : run.stderr.replaceAll(`${folder}/`, "")
  })
}

function inTemporaryFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "skep-native-"))
  try {
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Compiles a C text with BTF and returns the bytes of sections of the object file, `.BTF` say. */
export function objectSections(
  compiler: string,
  flags: readonly string[],
  source: string,
  ...names: string[]
): Buffer[] {
  return inTemporaryFolder(folder => {
    const file = join(folder, "program.c")
    const object = join(folder, "program.o")
    writeFileSync(file, source)
    execFileSync(compiler, ["-w", ...flags, "-c", "-o", object, file], { stdio: ["ignore", "ignore", "pipe"] })
    return names.map(name => {
      const dump = join(folder, "section")
      execFileSync("objcopy", ["--dump-section", `${name}=${dump}`, object, join(folder, "rest.o")])
      return readFileSync(dump)
    })
  })
}
