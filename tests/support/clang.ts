import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { findTool, inTempDir, runTool } from "./tools.ts"

const clang = findTool("clang-14", "clang-16", "clang-19", "clang")

/** Reason to skip a test that needs clang; false where it is there. */
export const skipClang: string | false = clang === undefined && "clang is not installed"

/** What clang, or one version of it, makes of a C program for BPF. */
export function clangObject(
  source: string,
  name = "a",
  options: readonly string[] = [],
  compiler: string | undefined = clang,
): Uint8Array {
  return inTempDir(dir => {
    const path = join(dir, name)
    writeFileSync(`${path}.c`, source)
    runTool(compiler!, "-O2", "-g", "--target=bpf", ...options, "-c", `${path}.c`, "-o", `${path}.o`)
    return readFileSync(`${path}.o`)
  })
}

/** Declarations that test programs begin with. */
export const CLANG_PRELUDE = `
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __weak __attribute__((weak))
#define __hidden __attribute__((visibility("hidden")))
#define __noinline __attribute__((noinline))
#define __ksym __attribute__((section(".ksyms")))
#define __kconfig __attribute__((section(".kconfig")))
typedef unsigned int u32;
typedef unsigned long long u64;
static void *(*bpf_map_lookup_elem)(void *, const void *) = (void *)1;
static long (*bpf_tail_call)(void *, void *, u32) = (void *)12;
static long (*bpf_loop)(u32, void *, void *, u64) = (void *)181;
`
