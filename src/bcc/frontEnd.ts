import type { SourceFile } from "../base/index.ts"
import type { Btf } from "../btf/index.ts"
import {
  type Diagnostics,
  type IncludeResolver,
  type MacroProvider,
  Preprocessor,
  type TranslationUnit,
} from "../c/index.ts"
import type { Architecture } from "./registers.ts"
import type { BpfUnit } from "./unit.ts"

/** A way of writing BPF programs in C: which names, headers and forms there are beside the language's own. */
export interface FrontEnd {
  /**
   * Preprocesses, parses, type-checks and rewrites a program. Depends on nothing but its arguments.
   * @throws SkepError with the first error of the text; its `cause` holds all diagnostics, for `renderError`
   */
  compile(main: SourceFile, options?: FrontEndOptions, diagnostics?: Diagnostics): FrontEndResult
  /** The preprocessor with the dialect's headers and macros, nothing of the program read yet. */
  preprocessor(main: SourceFile, options: FrontEndOptions, diagnostics: Diagnostics): Preprocessor
}

/** What a program is compiled for, and with. */
export interface FrontEndOptions {
  /** The kernel's BTF. Without one only a small stock of types is known. */
  readonly btf?: Btf
  /** BTF of the kernel's modules, on top of the kernel's; first of those whose names are alike to the one that is looked for. */
  readonly moduleBtf?: (name: string) => Iterable<Btf>
  readonly arch?: Architecture
  /** `LINUX_VERSION_CODE`: major << 16 | minor << 8 | patch. */
  readonly kernelVersion?: number
  /** Value of a `CONFIG_…` macro; undefined where it is not set. Without this, what distributions' kernels have is taken. */
  readonly config?: (name: string) => string | undefined
  /** Whether the kernel has a helper, by its name. Without this all are taken to be there. */
  readonly hasHelper?: (name: string) => boolean
  /** Whether system calls get their arguments in an inner pt_regs (CONFIG_ARCH_HAS_SYSCALL_WRAPPER). */
  readonly syscallWrapper?: boolean
  /** CPUs that are online. */
  readonly cpus?: number
  /** Bytes of a memory page. */
  readonly pageSize?: number
  /** Content of `events/CATEGORY/EVENT/format` of tracefs. */
  readonly readTracepointFormat?: (category: string, event: string) => string | undefined
  /** Finds the program's own headers; the kernel's need none. */
  readonly resolve?: IncludeResolver
  /** Where `resolve` looks, for the message about a header that is not found. */
  readonly searched?: (name: string) => string | undefined
  /** `-DNAME=VALUE` and `-UNAME`, in order. */
  readonly flags?: readonly string[]
  /** Add code that counts the events for which a ring buffer has no room: the kernel does not. */
  readonly countDrops?: boolean
  /** Leave to the loader where the members of the kernel's structs are (CO-RE), in BCC's dialect, too: libbpf's programs say it themselves. */
  readonly core?: boolean
}

/** A program and what was said about it. */
export interface FrontEndResult {
  readonly unit: BpfUnit
  /** The program as it was written. */
  readonly ast: TranslationUnit
  /** Headers that the main file includes, as written: `<linux/sched.h>`. */
  readonly includes: readonly string[]
  /** Holds warnings only. */
  readonly diagnostics: Diagnostics
}

/** The kernel whose macros a program sees where no other one is named: Linux 6.1. */
export const DEFAULT_KERNEL: number = (6 << 16) | (1 << 8)

/** What a dialect has of its own when a program is read. */
export interface DialectSource {
  readonly resolve: IncludeResolver
  readonly macros: { readonly get: MacroProvider; included(name: string, defined: (macro: string) => boolean): void }
  /** Which headers are always there, for the message about one that is not found. */
  readonly hint: string
  /** Told of each header that is included. */
  readonly onInclude?: (name: string, preprocessor: Preprocessor) => void
}

/** Starts to read a program; `includes` fills up with the headers that its main file names. */
export function readProgram(
  main: SourceFile,
  options: FrontEndOptions,
  diagnostics: Diagnostics,
  { resolve, macros, hint, onInclude }: DialectSource,
): { readonly preprocessor: Preprocessor; readonly includes: readonly string[] } {
  const includes: string[] = []
  const preprocessor: Preprocessor = new Preprocessor(main, {
    diagnostics,
    flags: options.flags,
    resolve,
    searched: name => options.searched?.(name) ?? hint,
    macros: macros.get,
    onInclude(name, form, from) {
      macros.included(name, macro => preprocessor.macroText(macro) !== undefined)
      onInclude?.(name, preprocessor)
      if (from === main) includes.push(form === "angled" ? `<${name}>` : `"${name}"`)
    },
  })
  return { preprocessor, includes }
}
