import { SourceFile } from "../base/index.ts"
import { isKnownHeader as isKernelHeader } from "../bcc/index.ts"
import type { IncludeResolver } from "../c/index.ts"
import usdtText from "./headers/usdt.h"

/** Headers of libbpf and of the C library that programs include beside those of the kernel. */
const HEADERS = new Set(
  (
    "vmlinux.h bpf_helpers.h bpf_tracing.h bpf_core_read.h bpf_endian.h bpf_helper_defs.h usdt.bpf.h stdint.h stddef.h stdbool.h stdlib.h " +
    "string.h strings.h stdio.h errno.h limits.h inttypes.h time.h signal.h fcntl.h unistd.h features.h endian.h byteswap.h sched.h " +
    "assert.h ctype.h stdarg.h stdalign.h wchar.h math.h poll.h netdb.h elf.h"
  ).split(" "),
)
const FOLDERS = new Set("bpf sys netinet arpa bits gnu".split(" "))

/** True for a header that skep stands in for. */
export function isKnownHeader(name: string): boolean {
  const slash = name.indexOf("/")
  if (slash < 0) return HEADERS.has(name)
  const folder = name.slice(0, slash)
  if (folder === "bpf") return HEADERS.has(name.slice(slash + 1))
  return isKernelHeader(name) || (FOLDERS.has(folder) && name.endsWith(".h"))
}

const files = new Map<string, SourceFile>()

/** The file of a header that skep stands in for: mostly empty, as macros and types are looked up when they are used. */
function standIn(name: string): SourceFile {
  let file = files.get(name)
  if (file === undefined) {
    const text = name.endsWith("usdt.bpf.h") ? usdtText : ""
    files.set(name, (file = new SourceFile(`<${name}>`, text, true)))
  }
  return file
}

/** A program's own headers first (`own`), but for those that stand for BTF and for libbpf. */
export function includeResolver(own: IncludeResolver | undefined): IncludeResolver {
  return (name, form, from) => {
    if (name === "vmlinux.h" || name.startsWith("bpf/bpf_")) return standIn(name)
    return own?.(name, form, from) ?? (isKnownHeader(name) ? standIn(name) : undefined)
  }
}
