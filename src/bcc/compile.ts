import type { SourceFile } from "../base/index.ts"
import * as c from "../c/index.ts"
import { DEFAULT_KERNEL, type FrontEnd, type FrontEndOptions, type FrontEndResult, readProgram } from "./frontEnd.ts"
import { includeResolver } from "./includes.ts"
import { ShimMacros } from "./macros.ts"
import { KernelNames } from "./names/provider.ts"
import { rewrite } from "./rewrite/index.ts"
import { methodError, methodField } from "./rewrite/methodTable.ts"

/**
 * Preprocesses, parses, type-checks and rewrites a program in BCC's dialect. Depends on nothing but its arguments.
 * @throws SkepError with the first error of the text; its `cause` holds all diagnostics, for `renderError`
 */
export function compileBcc(
  main: SourceFile,
  options: FrontEndOptions = {},
  diagnostics: c.Diagnostics = new c.Diagnostics(),
): FrontEndResult {
  const front = frontEnd(main, options, diagnostics)
  const tokens = front.preprocessor.all()
  diagnostics.throwIfErrors()
  const unit = c.parse(main.name, tokens, diagnostics, { names: front.names, hooks: front.hooks })
  diagnostics.throwIfErrors()
  const arch = options.arch ?? "x86_64"
  const result = rewrite(unit, {
    names: front.names,
    diagnostics,
    target: {
      arch,
      hasHelper: options.hasHelper ?? (name => hasHelper(name, options.kernelVersion)),
      syscallWrapper: options.syscallWrapper ?? arch !== "loongarch64",
    },
    license: front.preprocessor.macroText("BPF_LICENSE"),
    countDrops: options.countDrops,
    core: options.core,
  })
  diagnostics.throwIfErrors()
  return { unit: result, ast: unit, includes: front.includes, diagnostics }
}

/** BCC's dialect, for {@link FrontEnd}'s users. */
export const bccFrontEnd: FrontEnd = {
  compile: compileBcc,
  preprocessor: (main, options, diagnostics) => frontEnd(main, options, diagnostics).preprocessor,
}

function frontEnd(main: SourceFile, options: FrontEndOptions, diagnostics: c.Diagnostics) {
  const { btf, moduleBtf, arch = "x86_64", readTracepointFormat } = options
  const macros = new ShimMacros({
    arch,
    text: main.text,
    kernelVersion: options.kernelVersion ?? DEFAULT_KERNEL,
    config: options.config,
    cpus: options.cpus ?? 1,
    pageSize: options.pageSize ?? 4096,
    dentryNameLength: () => names.dentryNameLength(),
  })
  const names = new KernelNames({ btf, moduleBtf, arch, readTracepointFormat, macros: macros.get, core: options.core })
  const resolve = includeResolver(options.resolve)
  const { preprocessor, includes } = readProgram(main, options, diagnostics, { resolve, macros, hint: HEADERS_HINT })
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

/** Helpers that rewriting uses where there are any, and the kernel that they came with. */
const SINCE: Readonly<Record<string, number>> = { bpf_trace_vprintk: (5 << 16) | (16 << 8) }

const hasHelper = (name: string, kernelVersion = Number.POSITIVE_INFINITY): boolean =>
  kernelVersion >= (SINCE[name] ?? 0)
