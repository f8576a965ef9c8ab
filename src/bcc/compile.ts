import type { SourceFile } from "../base/index.ts"
import type { Btf } from "../btf/index.ts"
import * as c from "../c/index.ts"
import { includeResolver } from "./includes.ts"
import { ShimMacros } from "./macros.ts"
import { KernelNames } from "./names/provider.ts"
import type { Architecture } from "./registers.ts"
import { rewrite } from "./rewrite/index.ts"
import { methodError, methodField } from "./rewrite/methodTable.ts"
import type { BpfUnit } from "./unit.ts"

/** What a program in BCC's dialect is compiled for, and with. */
export interface BccOptions {
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
  readonly resolve?: c.IncludeResolver
  /** Where `resolve` looks, for the message about a header that is not found. */
  readonly searched?: (name: string) => string | undefined
  /** `-DNAME=VALUE` and `-UNAME`, in order. */
  readonly flags?: readonly string[]
}

/** A program and what was said about it. */
export interface BccResult {
  readonly unit: BpfUnit
  /** The program as it was written. */
  readonly ast: c.TranslationUnit
  /** Headers that the main file includes, as written: `<linux/sched.h>`. */
  readonly includes: readonly string[]
  /** Holds warnings only. */
  readonly diagnostics: c.Diagnostics
}

const LINUX_6_1 = (6 << 16) | (1 << 8)

/**
 * Preprocesses, parses, type-checks and rewrites a program in BCC's dialect. Depends on nothing but its arguments.
 * @throws SkepError with the first error of the text; its `cause` holds all diagnostics, for `renderError`
 */
export function compileBcc(
  main: SourceFile,
  options: BccOptions = {},
  diagnostics: c.Diagnostics = new c.Diagnostics(),
): BccResult {
  const front = frontEnd(main, options, diagnostics)
  const tokens = front.preprocessor.all()
  diagnostics.throwIfErrors()
  const unit = c.parse(main.name, tokens, diagnostics, { names: front.names, hooks: front.hooks })
  diagnostics.throwIfErrors()
  const arch = options.arch ?? "x86_64"
  const result = rewrite(unit, {
    names: front.names,
    diagnostics,
    target: { arch, hasHelper: options.hasHelper, syscallWrapper: options.syscallWrapper ?? arch !== "loongarch64" },
    license: front.preprocessor.macroText("BPF_LICENSE"),
  })
  diagnostics.throwIfErrors()
  return { unit: result, ast: unit, includes: front.includes, diagnostics }
}

/** The tokens of a program as the parser sees them, as text (`-E`). */
export function preprocessBcc(
  main: SourceFile,
  options: BccOptions = {},
  diagnostics = new c.Diagnostics(),
  print: c.PrintTokensOptions = {},
): string {
  const tokens = frontEnd(main, options, diagnostics).preprocessor.all()
  diagnostics.throwIfErrors()
  return c.printTokens(tokens, print)
}

/** The macros at the end of a program, as lines of `#define` (`-dM`). */
export function macrosBcc(main: SourceFile, options: BccOptions = {}, diagnostics = new c.Diagnostics()): string[] {
  const { preprocessor } = frontEnd(main, options, diagnostics)
  preprocessor.all()
  diagnostics.throwIfErrors()
  return preprocessor.definitions()
}

function frontEnd(main: SourceFile, options: BccOptions, diagnostics: c.Diagnostics) {
  const { btf, moduleBtf, arch = "x86_64", readTracepointFormat } = options
  const includes: string[] = []
  const macros = new ShimMacros({
    arch,
    text: main.text,
    kernelVersion: options.kernelVersion ?? LINUX_6_1,
    config: options.config,
    cpus: options.cpus ?? 1,
    pageSize: options.pageSize ?? 4096,
    dentryNameLength: () => names.dentryNameLength(),
  })
  const names = new KernelNames({ btf, moduleBtf, arch, readTracepointFormat, macros: macros.get })
  const preprocessor = new c.Preprocessor(main, {
    diagnostics,
    flags: options.flags,
    resolve: includeResolver(options.resolve),
    searched: name => options.searched?.(name) ?? HEADERS_HINT,
    macros: macros.get,
    onInclude(name, form, from) {
      macros.included(name)
      if (from === main) includes.push(form === "angled" ? `<${name}>` : `"${name}"`)
    },
  })
  const hooks: c.DialectHooks = {
    member(record, name) {
      const method = methodField(record, name)
      return method === undefined ? aliased(record, macros.memberAlias(name)) : [method]
    },
    incompleteError: tag => names.missingType(tag),
    memberError: (record, name) => methodError(record, name) ?? names.missingMember(record, name),
  }
  return { preprocessor, names, hooks, includes }
}

/** The way along `names` through a record of the kernel. */
function aliased(record: c.RecordDecl, names: readonly string[] | undefined): c.Field[] | undefined {
  if (names === undefined || record.origin === "source") return undefined
  const path: c.Field[] = []
  let inside: c.RecordDecl | undefined = record
  for (const name of names) {
    const found: readonly c.Field[] | undefined = inside && c.findMember(inside, name)
    if (found === undefined) return undefined
    path.push(...found)
    inside = c.recordOf(found[found.length - 1].type)
  }
  return path
}

const HEADERS_HINT =
  "headers of the kernel (linux/…, net/…, uapi/…, asm/…, bcc/…) are always there; others are looked for beside the program and in the folders given with -I"
