import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { CLANG_PRELUDE, clangObject, skipClang } from "../../tests/support/clang.ts"
import { findTool, inTempDir, runTool } from "../../tests/support/tools.ts"
import { ElfFile, linkObjects, readElf, writeElf } from "./index.ts"

const bpftool = findTool("bpftool")
const skip = skipClang || (bpftool === undefined && "bpftool is not installed")
const MAIN = `char l[] SEC("license") = "GPL"; SEC("socket") int prog(void *ctx)`

/** Names that other objects see, each with its binding, visibility and size, and whether it is defined. */
function names(bytes: Uint8Array): string[] {
  const elf = new ElfFile(bytes)
  const seen = elf.symbols.filter(({ bind, name }) => bind !== 0 && name !== "l")
  return seen
    .map(({ name, bind, visibility, size, section }) => `${name} ${bind} ${visibility} ${size} ${section !== 0}`)
    .sort()
}

/** One case: the sources, whose objects by clang are linked by skep as bpftool links them, or refused by both. */
function likeBpftool(what: string, ...sources: readonly string[]): void {
  test(`as bpftool links: ${what}`, { skip }, () => {
    const objects = sources.map((source, i) => clangObject(CLANG_PRELUDE + source, "ab"[i]))
    inTempDir(dir => {
      const inputs = objects.map((bytes, i) => {
        const path = join(dir, `${i}.o`)
        writeFileSync(path, bytes)
        return path
      })
      const attempt = (link: () => Uint8Array): string[] | undefined => {
        let bytes: Uint8Array
        try {
          bytes = link()
        } catch {
          return undefined
        }
        return names(bytes)
      }
      const theirs = attempt(() => {
        runTool(bpftool!, "gen", "object", join(dir, "out.o"), ...inputs)
        return readFileSync(join(dir, "out.o"))
      })
      const ours = attempt(() => writeElf(linkObjects(objects.map(bytes => readElf(bytes)))))
      assert.deepEqual(ours, theirs)
    })
  })
}

const F = (attributes: string, n: number): string => `__noinline ${attributes} int f(int x) { return x * ${n}; }`
const CALL = `${MAIN} { return f(2); }`
const MAP = (attributes: string, entries: number): string =>
  `struct { __uint(type, 2); __uint(max_entries, ${entries}); __type(key, u32); __type(value, u64); } m ${attributes} SEC(".maps");`
const USE = `${MAIN} { u32 k = 0; return bpf_map_lookup_elem(&m, &k) != 0; }`

likeBpftool("a weak function and another", `${F("__weak", 1)} ${CALL}`, F("", 2))
likeBpftool("two weak functions", `${F("__weak", 1)} ${CALL}`, F("__weak", 2))
likeBpftool("two functions", `${F("", 1)} ${CALL}`, F("", 2))
likeBpftool("a hidden function and its declaration", `extern int f(int x); ${CALL}`, F("__hidden", 2))
likeBpftool("a hidden declaration and its function", `extern __hidden int f(int x); ${CALL}`, F("", 2))
likeBpftool("a hidden function that gives way", `${F("__weak __hidden", 1)} ${CALL}`, F("", 2))
likeBpftool("a function behind a hidden one", `${F("", 1)} ${CALL}`, F("__weak __hidden", 2))
likeBpftool("a weak variable and another", `__weak int v = 1; ${MAIN} { return v; }`, "int v = 2;")
likeBpftool("two weak variables", `__weak int v = 1; ${MAIN} { return v; }`, "__weak int v = 2;")
likeBpftool("two variables", `int v = 1; ${MAIN} { return v; }`, "int v = 2;")
likeBpftool("a hidden declaration and its variable", `extern __hidden int v; ${MAIN} { return v; }`, "int v = 2;")
likeBpftool("a weak declaration that nobody defines", `extern __weak int v; ${MAIN} { return &v != 0; }`, "int w = 2;")
likeBpftool("a variable of another type", `extern long v; ${MAIN} { return v; }`, "int v = 2;")
likeBpftool("a weak variable of another type", `__weak long v = 1; ${MAIN} { return v; }`, "int v = 2;")
likeBpftool(
  "a weak function of another type",
  `${F("__weak", 1)} ${CALL}`,
  "__noinline int f(int x, int y) { return y; }",
)
likeBpftool("a weak function and a variable", `${F("__weak", 1)} ${CALL}`, "int f = 2;")
likeBpftool("a weak map and another", `${MAP("__weak", 3)} ${USE}`, MAP("", 3))
likeBpftool("a weak map and one of another shape", `${MAP("__weak", 3)} ${USE}`, MAP("", 4))
likeBpftool("two weak maps of two shapes", `${MAP("__weak", 3)} ${USE}`, MAP("__weak", 4))
likeBpftool("two maps", `${MAP("", 3)} ${USE}`, MAP("", 3))

for (const align of [1, 8, 16, 64, 4096]) {
  test(`a section aligned to ${align} bytes stays so`, { skip }, () => {
    const parts = [`int first = 1; ${MAIN} { return first; }`, `int second __attribute__((aligned(${align}))) = 2;`]
    const linked = linkObjects(parts.map((source, i) => readElf(clangObject(CLANG_PRELUDE + source, "ab"[i]))))
    const elf = new ElfFile(writeElf(linked))
    const place = elf.symbols.find(symbol => symbol.name === "second")!
    assert.deepEqual([place.value % align, elf.sections[place.section].align], [0, Math.max(8, align)])
    assert.deepEqual(readElf(writeElf(linked)).maps, readElf(writeElf(readElf(writeElf(linked)))).maps)
  })
}
