import type { SourceFile } from "../base/index.ts"
import {
  DEFAULT_KERNEL,
  type FrontEnd,
  type FrontEndOptions,
  type FrontEndResult,
  KernelNames,
  readProgram,
} from "../bcc/index.ts"
import * as c from "../c/index.ts"
import { includeResolver } from "./includes.ts"
import { LibbpfMacros } from "./macros.ts"
import { libbpfNames } from "./names.ts"
import { rewrite } from "./rewrite.ts"

/**
 * Preprocesses, parses, type-checks and rewrites a program written for libbpf. Depends on nothing but its arguments.
 * @throws SkepError with the first error of the text; its `cause` holds all diagnostics, for `renderError`
 */
export function compileLibbpf(
  main: SourceFile,
  options: FrontEndOptions = {},
  diagnostics: c.Diagnostics = new c.Diagnostics(),
): FrontEndResult {
  const front = frontEnd(main, options, diagnostics)
  const tokens = front.preprocessor.all()
  diagnostics.throwIfErrors()
  const names = front.names()
  const hooks: c.DialectHooks = {
    incompleteError: tag => names.missingType(tag),
    memberError: (record, name) => names.missingMember(record, name),
  }
  const unit = c.parse(main.name, tokens, diagnostics, { names, hooks })
  diagnostics.throwIfErrors()
  const arch = options.arch ?? "x86_64"
  const syscallWrapper = options.syscallWrapper ?? arch !== "loongarch64"
  const result = rewrite(unit, { names, diagnostics, arch, syscallWrapper, countDrops: options.countDrops })
  diagnostics.throwIfErrors()
  return { unit: result, ast: unit, includes: front.includes, diagnostics }
}

/** libbpf's dialect, for `FrontEnd`'s users. */
export const libbpfFrontEnd: FrontEnd = {
  compile: compileLibbpf,
  preprocessor: (main, options, diagnostics) => frontEnd(main, options, diagnostics).preprocessor,
}

function frontEnd(main: SourceFile, options: FrontEndOptions, diagnostics: c.Diagnostics) {
  const { btf, moduleBtf, arch = "x86_64" } = options
  const macros = new LibbpfMacros({ arch, kernelVersion: options.kernelVersion ?? DEFAULT_KERNEL })
  let vmlinux = false
  const { preprocessor, includes } = readProgram(main, options, diagnostics, {
    resolve: includeResolver(options.resolve),
    macros,
    hint: HEADERS_HINT,
    onInclude(name, reader) {
      if (name === "vmlinux.h") vmlinux = reader.macroText("BPF_NO_PRESERVE_ACCESS_INDEX") === undefined
    },
  })
  const names = () => new KernelNames({ btf, moduleBtf, arch, macros: macros.get, dialect: libbpfNames(vmlinux) })
  return { preprocessor, names, includes }
}

const HEADERS_HINT =
  "vmlinux.h, libbpf's headers (bpf/…), the kernel's (linux/…, asm/…) and the C library's are always there; others are looked for beside the program and in the folders given with -I"

/** Whether a program is written for libbpf rather than for BCC: by what it includes and how it names sections. */
export function isLibbpfStyle(text: string): boolean {
  return /^[ \t]*#[ \t]*include[ \t]*[<"](vmlinux\.h|bpf\/[\w.]+\.h|bpf_(helpers|tracing|core_read|endian)\.h)[>"]|\bSEC[ \t]*\(/m.test(
    text,
  )
}
