import { type Architecture, CONSTANTS, GENERIC, INET, KERNEL, MacroHeader, registersOf } from "../bcc/index.ts"
import type { MacroProvider } from "../c/index.ts"
import coreReadText from "./headers/core_read.h"
import endianText from "./headers/endian.h"
import helpersText from "./headers/helpers.h"
import tracingText from "./headers/tracing.h"
import uapiText from "./headers/uapi.h"
import { syscallNumber } from "./syscallNumbers.ts"
import { uapiConstant } from "./uapiConstants.ts"

const HELPERS = new MacroHeader("<bpf/bpf_helpers.h>", helpersText)
const TRACING = new MacroHeader("<bpf/bpf_tracing.h>", tracingText)
const CORE_READ = new MacroHeader("<bpf/bpf_core_read.h>", coreReadText)
const ENDIAN = new MacroHeader("<bpf/bpf_endian.h>", endianText)
const UAPI = new MacroHeader("<linux>", uapiText)

/** libbpf's headers by their names without `bpf/`, and what each of them has. */
const LIBBPF: Readonly<Record<string, readonly MacroHeader[]>> = {
  "bpf_helpers.h": [HELPERS],
  "bpf_tracing.h": [TRACING, HELPERS],
  "bpf_core_read.h": [CORE_READ, HELPERS],
  "bpf_endian.h": [ENDIAN],
  "usdt.bpf.h": [TRACING, CORE_READ, HELPERS],
}

/** What the values of some macros depend on. */
export interface MacroOptions {
  readonly arch: Architecture
  /** `LINUX_VERSION_CODE`: major << 16 | minor << 8 | patch. */
  readonly kernelVersion: number
}

/**
 * The macros that programs for libbpf find in the headers they include; a name's text is looked for when the name is first seen. Those of the
 * kernel and of the C library are there once any header of theirs is included: `vmlinux.h` has types and no macros. What only the kernel's own
 * code sees of its headers (`unlikely`, `max`, `cpu_to_be32`) is there for programs that say `-D__KERNEL__`, as those headers have it.
 */
export class LibbpfMacros {
  readonly #options: MacroOptions
  readonly #headers = new Set<MacroHeader>()
  #tracing = false
  #machine: Readonly<Record<string, string>> | undefined

  constructor(options: MacroOptions) {
    this.#options = options
  }

  /** An `#include` was met, where these macros are defined. */
  included(header: string, defined: (macro: string) => boolean): void {
    const own = LIBBPF[header.replace(/^bpf\//, "")]
    if (own !== undefined) {
      for (const macros of own) this.#headers.add(macros)
      if (own.includes(TRACING)) this.#tracing = true
    } else if (header !== "vmlinux.h") {
      this.#headers.add(UAPI)
      this.#headers.add(CONSTANTS)
      if (defined("__KERNEL__")) for (const macros of [KERNEL, GENERIC]) this.#headers.add(macros)
      if (/^(linux|net|netinet)\//.test(header)) this.#headers.add(INET)
    }
  }

  readonly get: MacroProvider = name => {
    for (const header of this.#headers) {
      const text = header.get(name)
      if (text !== undefined) return text
    }
    if (name.startsWith("PT_REGS_") || name.endsWith("_READ_RET_IP"))
      return this.#tracing ? this.#register(name) : false
    const constant = uapiConstant(name)
    if (constant !== undefined) return this.#headers.has(UAPI) ? constant : false
    const computed = this.#computed(name)
    // Another header may bring it.
    return computed ?? (ALL.some(header => header.has(name)) ? false : undefined)
  }

  #register(name: string): string | undefined {
    this.#machine ??= registerMacros(this.#options.arch)
    return this.#machine[name]
  }

  #computed(name: string): string | undefined {
    const { arch, kernelVersion } = this.#options
    if (name.startsWith("__NR_")) {
      const number = syscallNumber(name.slice("__NR_".length), arch)
      return number === undefined ? undefined : ` ${number}`
    }
    switch (name) {
      case "LINUX_VERSION_CODE":
        return this.#headers.has(UAPI) ? ` ${kernelVersion}` : undefined
      case "__TARGET_ARCH_x86":
        return arch === "x86_64" ? " 1" : undefined
      case "__TARGET_ARCH_arm64":
        return arch === "arm64" ? " 1" : undefined
      default:
        return undefined
    }
  }
}

const ALL = [HELPERS, TRACING, CORE_READ, ENDIAN, UAPI, CONSTANTS, INET, KERNEL, GENERIC]

/** `PT_REGS_PARM1(ctx)` and its like: plain, read by CO-RE, and of a system call's inner pt_regs. */
function registerMacros(arch: Architecture): Record<string, string> {
  const { params, syscallParams, result, ip, sp, fp, ret } = registersOf(arch)
  const macros: Record<string, string> = {}
  const add = (name: string, place: string, suffix = "") => {
    macros[`PT_REGS_${name}${suffix}`] = `(_ctx) ((_ctx)->${place})`
    macros[`PT_REGS_${name}_CORE${suffix}`] = `(_ctx) BPF_CORE_READ((_ctx), ${place})`
  }
  for (const [i, place] of params.entries()) add(`PARM${i + 1}`, place)
  for (const [i, place] of syscallParams.entries()) add(`PARM${i + 1}`, place, "_SYSCALL")
  add("RC", result)
  add("IP", ip)
  add("SP", sp)
  add("FP", fp)
  if (ret !== undefined) add("RET", ret)
  macros.PT_REGS_SYSCALL_REGS = "(_ctx) ((struct pt_regs *)PT_REGS_PARM1(_ctx))"
  // The return address is in a register, or on the stack where the call has put it.
  const inRegister = ret !== undefined && ret !== sp
  macros.BPF_KPROBE_READ_RET_IP = inRegister
    ? "(_ip, _ctx) ({ (_ip) = PT_REGS_RET(_ctx); })"
    : "(_ip, _ctx) ({ bpf_probe_read_kernel(&(_ip), sizeof(_ip), (void *)PT_REGS_RET(_ctx)); })"
  macros.BPF_KRETPROBE_READ_RET_IP = inRegister
    ? macros.BPF_KPROBE_READ_RET_IP
    : "(_ip, _ctx) ({ bpf_probe_read_kernel(&(_ip), sizeof(_ip), (void *)(PT_REGS_FP(_ctx) + sizeof(_ip))); })"
  return macros
}
