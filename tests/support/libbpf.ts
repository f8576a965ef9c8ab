import { existsSync, readFileSync } from "node:fs"
import { SourceFile } from "../../src/base/index.ts"
import { emitC, type FrontEndOptions, type FrontEndResult } from "../../src/bcc/index.ts"
import { Btf } from "../../src/btf/index.ts"
import type { Diagnostics } from "../../src/c/index.ts"
import { compileLibbpf } from "../../src/libbpf/index.ts"

/** libbpf's headers and the kernel's types. */
export const HEADERS =
  '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n' +
  "#include <bpf/bpf_core_read.h>\n#include <bpf/bpf_endian.h>\n"

const VMLINUX = "/sys/kernel/btf/vmlinux"
let kernel: Btf | undefined

/** The running kernel's types; undefined where it has none. */
export function kernelBtf(): Btf | undefined {
  if (kernel === undefined && existsSync(VMLINUX)) kernel = Btf.parse(readFileSync(VMLINUX))
  return kernel
}

/** A program for libbpf, compiled without BTF unless `options` has one. */
export function compile(text: string, options: FrontEndOptions = {}, diagnostics?: Diagnostics): FrontEndResult {
  return compileLibbpf(new SourceFile("t.c", text), options, diagnostics)
}

/** What `--emit=c` prints for the last declaration, in one line. */
export function emitted(text: string, options: FrontEndOptions = {}): string {
  const { unit } = compile(text, options)
  const { decls } = unit.unit
  const last = { ...unit, unit: { ...unit.unit, decls: decls.slice(-1) }, maps: [] }
  return emitC({ unit: last, includes: [] })
    .replace(/__attribute__\(\((section\("[^"]*"\)|used|, )+\)\)\s*/g, "")
    .replace(/\s+/g, " ")
    .trim()
}
