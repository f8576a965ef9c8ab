import type { MacroProvider } from "../c/index.ts"
import constantsText from "./headers/constants.h"
import genericText from "./headers/generic.h"
import inetText from "./headers/inet.h"
import kernelText from "./headers/kernel.h"
import languageText from "./headers/language.h"
import tablesText from "./headers/tables.h"
import { isKnownHeader } from "./includes.ts"
import { MacroHeader } from "./macroHeader.ts"
import { type Architecture, registersOf } from "./registers.ts"

/** What the values of some macros depend on. */
export interface MacroOptions {
  readonly arch: Architecture
  /** The program's main file. */
  readonly text: string
  /** `LINUX_VERSION_CODE`: major << 16 | minor << 8 | patch. */
  readonly kernelVersion: number
  /** Value of a `CONFIG_…` macro, undefined where it is not set. */
  readonly config?: (name: string) => string | undefined
  /** CPUs that are online, for `bpf_num_cpus()`. */
  readonly cpus: number
  /** Bytes of a memory page. */
  readonly pageSize: number
  /** `DNAME_INLINE_LEN`: bytes of the name inside a `struct dentry`. */
  readonly dentryNameLength: () => number
}

const TABLES = new MacroHeader("<bcc/tables>", tablesText)
const LANGUAGE = new MacroHeader("<bcc/language>", languageText)
/** Constants of the kernel's user interface: errno, address families, flags. */
export const CONSTANTS: MacroHeader = new MacroHeader("<bcc/constants>", constantsText)
/** What the kernel's C has beyond the language, and byte order. */
export const KERNEL: MacroHeader = new MacroHeader("<bcc/kernel>", kernelText)
/** Macros of the kernel's own headers. */
export const GENERIC: MacroHeader = new MacroHeader("<bcc/generic>", genericText)
/** Aliases of members of sockets. */
export const INET: MacroHeader = new MacroHeader("<bcc/inet>", inetText)

/** The macros that BCC's programs find without defining them; a name's text is looked for when the name is first seen. */
export class ShimMacros {
  readonly #options: MacroOptions
  readonly #places: Readonly<Record<string, string>>
  #generic = false
  #inet = false
  /** A file that is not the kernel's was included: it may declare what the main file does not. */
  #foreign = false

  constructor(options: MacroOptions) {
    this.#options = options
    this.#places = registersOf(options.arch).macros
  }

  /** An `#include` was met: macros with risky names are there only after the header that has them. */
  included(header: string): void {
    if (!isKnownHeader(header)) this.#foreign = true
    if (/^(linux|net|asm)\//.test(header)) this.#generic = true
    if (/^(net\/|linux\/(tcp|udp|inet|ipv6|skbuff|net)\b|uapi\/linux\/in6\b)/.test(header)) this.#inet = true
  }

  readonly get: MacroProvider = name => {
    const text =
      TABLES.get(name) ?? LANGUAGE.get(name) ?? KERNEL.get(name) ?? CONSTANTS.get(name) ?? this.#computed(name)
    if (text !== undefined) return text
    if (GENERIC.has(name)) return this.#generic || this.#isFree(name) ? GENERIC.get(name) : false
    if (INET.has(name)) return this.#inet ? INET.get(name) : false
    return undefined
  }

  /** Whether a macro with parameters can be there without its header: the program has no function of that name. */
  #isFree(name: string): boolean {
    const macro = GENERIC.get(name)
    if (this.#foreign || macro === undefined || macro.file.text[macro.start + name.length] !== "(") return false
    const declared = new RegExp(`(\\w+)[\\s*]+${name}\\s*\\(`, "g")
    return ![...this.#options.text.matchAll(declared)].some(([, before]) => before !== "return" && before !== "else")
  }

  /** The members that a kernel macro for a member stands for, also where its header is not included: `sk_state` is `__sk_common.skc_state`. */
  memberAlias(name: string): readonly string[] | undefined {
    const alias = INET.get(name)
    return alias?.file.text.slice(alias.start, alias.end).split(" ")[1].split(".")
  }

  #computed(name: string): string | undefined {
    const { kernelVersion, config, cpus, pageSize, dentryNameLength, arch } = this.#options
    if (Object.hasOwn(this.#places, name)) return this.#places[name]
    if (name.startsWith("CONFIG_")) {
      const value = config === undefined ? defaultConfig(name, arch) : config(name)
      return value === undefined ? undefined : ` ${value}`
    }
    switch (name) {
      case "LINUX_VERSION_CODE":
        return ` ${kernelVersion}`
      case "bpf_num_cpus":
        return `() ${cpus}`
      case "PAGE_SIZE":
        return ` ${pageSize}UL`
      case "PAGE_SHIFT":
        return ` ${Math.log2(pageSize)}`
      case "PAGE_MASK":
        return ` (~(${pageSize}UL - 1))`
      case "DNAME_INLINE_LEN":
        return ` ${dentryNameLength()}`
      case "__PAGE_OFFSET_BASE_L4":
        return arch === "x86_64" ? " 0xffff888000000000UL" : undefined
      case "__PAGE_OFFSET_BASE_L5":
        return arch === "x86_64" ? " 0xff11000000000000UL" : undefined
      case "PAGE_OFFSET":
        return PAGE_OFFSET[arch]
      case "bpf_target_defined":
        return " 1"
      case "bpf_target_x86":
      case "__TARGET_ARCH_x86":
      case "__x86_64__":
        return arch === "x86_64" ? " 1" : undefined
      case "bpf_target_arm64":
      case "__TARGET_ARCH_arm64":
      case "__aarch64__":
        return arch === "arm64" ? " 1" : undefined
      default:
        return undefined
    }
  }
}

/** Where the kernel's map of all memory begins; on riscv64 and s390x that depends on the machine. */
const PAGE_OFFSET: Partial<Record<Architecture, string>> = {
  x86_64: " 0xffff888000000000UL",
  arm64: " 0xffff000000000000UL",
  powerpc64: " 0xc000000000000000UL",
}

/** Kernel options that distributions' kernels of this architecture have, for want of the kernel's own word. */
const COMMON_CONFIG =
  "64BIT SMP NET_NS MEMCG NUMA SLUB SLUB_CPU_PARTIAL CGROUPS BPF BPF_SYSCALL BPF_EVENTS NET INET IPV6 MMU PREEMPT_COUNT " +
  "ARCH_HAS_SYSCALL_WRAPPER BLOCK MODULES KPROBES UPROBES TRACEPOINTS FTRACE PERF_EVENTS SECURITY NAMESPACES PID_NS UTS_NS USER_NS"
const ARCH_CONFIG: Partial<Record<Architecture, string>> = {
  x86_64: "X86 X86_64 X86_5LEVEL DYNAMIC_MEMORY_LAYOUT",
  arm64: "ARM64",
  s390x: "S390",
  riscv64: "RISCV",
  powerpc64: "PPC PPC64",
}

function defaultConfig(name: string, arch: Architecture): string | undefined {
  const option = name.slice("CONFIG_".length)
  if (option === "HZ") return "250"
  const has = (list: string | undefined) => list !== undefined && ` ${list} `.includes(` ${option} `)
  return has(COMMON_CONFIG) || has(ARCH_CONFIG[arch]) ? "1" : undefined
}
