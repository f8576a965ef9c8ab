import { SourceFile } from "../base/index.ts"
import type { IncludeResolver } from "../c/index.ts"

/** Folders of kernel headers: an include from these is always satisfied, as types come from BTF and macros from skep. */
const KERNEL_FOLDERS = new Set(
  (
    "linux uapi asm asm-generic net bcc trace rdma scsi sound drm block crypto acpi media misc video xen kvm keys ras target " +
    "soc dt-bindings memory vdso clocksource math-emu pcmcia kunit hyperv ufs cxl mm kernel fs drivers arch generated"
  ).split(" "),
)

/** Headers by their whole name: those of libbpf, and of the C library where they are about the language. */
const OTHER_HEADERS = new Set([
  "vmlinux.h",
  "bpf_helpers.h",
  "bpf_endian.h",
  "bpf_tracing.h",
  "bpf_core_read.h",
  "bpf/bpf_helpers.h",
  "bpf/bpf_endian.h",
  "bpf/bpf_tracing.h",
  "bpf/bpf_core_read.h",
  "stdint.h",
  "stddef.h",
  "stdbool.h",
  "stdarg.h",
  "limits.h",
  "errno.h",
  "inttypes.h",
])

/** True for a header that skep stands in for. */
export function isKnownHeader(name: string): boolean {
  const slash = name.indexOf("/")
  return OTHER_HEADERS.has(name) || (slash > 0 && name.endsWith(".h") && KERNEL_FOLDERS.has(name.slice(0, slash)))
}

const empty = new Map<string, SourceFile>()

/** The file of a header that skep stands in for: empty, as its macros are looked up when they are used. */
function standIn(name: string): SourceFile {
  let file = empty.get(name)
  if (file === undefined) empty.set(name, (file = new SourceFile(name, "", true)))
  return file
}

/** A program's own headers first (`own`), then the kernel's. */
export function includeResolver(own: IncludeResolver | undefined): IncludeResolver {
  return (name, form, from) => own?.(name, form, from) ?? (isKnownHeader(name) ? standIn(name) : undefined)
}
