import type { CcJob } from "./job.ts"

/**
 * `-f…` options that compilers know and that change nothing here: how LLVM optimises, what native code is like, how messages look.
 * `no-` may stand before each; a `=` at the end wants a value.
 */
const HARMLESS_F: ReadonlySet<string> = new Set(
  (
    "access-control addrsig align-functions align-functions= align-loops align-loops= allow-store-data-races aligned-allocation " +
    "asm async-exceptions asynchronous-unwind-tables autolink blocks builtin caret-diagnostics cf-protection cf-protection= " +
    "check-new clang-abi-compat= common conserve-stack const-strings constant-cfstrings crash-diagnostics data-sections " +
    "debug-default-version= debug-info-for-profiling debug-types-section debug-macro " +
    "delete-null-pointer-checks delayed-template-parsing diagnostics-absolute-paths diagnostics-fixit-info diagnostics-format= " +
    "diagnostics-hotness-threshold= diagnostics-parseable-fixits diagnostics-print-source-range-info diagnostics-show-category= " +
    "diagnostics-show-hotness diagnostics-show-note-include-stack diagnostics-show-option diagnostics-show-template-tree " +
    "diagnostics-show-line-numbers discard-value-names dollars-in-identifiers dwarf2-cfi-asm eliminate-unused-debug-types exceptions " +
    "experimental-new-constant-interpreter fast-math ffp-contract= finite-loops fixed-point force-enable-int128 " +
    "fp-contract= freestanding function-sections gcse gnu-inline-asm gnu-keywords gnu89-inline hosted ident inline inline-functions " +
    "inline-hint-functions integrated-as integrated-cc1 ipa-cp-clone ipa-sra ivopts jump-tables keep-static-consts lax-vector-conversions " +
    "limit-debug-info line-tables-only macro-backtrace-limit= macro-prefix-map= math-errno max-type-align= merge-all-constants " +
    "merge-constants message-length= min-function-alignment= ms-compatibility ms-extensions non-call-exceptions omit-frame-pointer " +
    "optimize-sibling-calls optimize-strlen partial-inlining patchable-function-entry= pch-preprocess pcc-struct-return pic pie PIC PIE " +
    "plt random-seed= reciprocal-math record-command-line record-gcc-switches rename-registers reorder-blocks " +
    "rtti save-optimization-record sched-interblock semantic-interposition show-column show-source-location signed-char " +
    "signed-zeros slp-vectorize spell-checking spell-checking-limit= split-stack stack-check stack-clash-protection stack-protector " +
    "stack-protector-all stack-protector-strong stack-size-section standalone-debug strict-aliasing strict-enums " +
    "strict-flex-arrays= strict-overflow strict-return strict-volatile-bitfields strict-vtable-pointers temp-file tls-model= " +
    "toplevel-reorder trapping-math tree-vectorize trigraphs trivial-auto-var-init= unique-section-names unroll-loops unroll-all-loops " +
    "ansi-escape-codes approx-func associative-math auto-profile basic-block-sections= bracket-depth= caret-diagnostics-max-lines= complex-arithmetic= " +
    "constexpr-depth= constexpr-steps= coverage-compilation-dir= coverage-mcdc coverage-prefix-map= cx-limited-range debug-ranges-base-address " +
    "declspec denormal-fp-math= diagnostics-color digraphs direct-access-external-data double-square-bracket-attributes emit-all-decls " +
    "emulated-tls excess-precision= exec-charset= extend-arguments= file-reproducible finite-math-only " +
    "force-dwarf-frame fp-eval-method= fp-model= global-isel honor-infinities honor-nans implicit-modules input-charset= jmc " +
    "keep-persistent-storage-variables keep-system-includes knr-functions max-tokens= minimize-whitespace modules ms-volatile " +
    "objc-arc openmp openmp-simd operator-names pointer-tbaa protect-parens pseudo-probe-for-profiling " +
    "rounding-math sized-deallocation split-dwarf-inlining split-machine-functions " +
    "strict-float-cast-overflow threadsafe-statics time-report time-trace unsafe-math-optimizations " +
    "unwind-tables use-init-array use-line-directives use-linker-plugin var-tracking var-tracking-assignments vect-cost-model vectorize " +
    "verbose-asm visibility= visibility-inlines-hidden web whole-program wrapv wrapv-pointer xray-instrument zero-call-used-regs= " +
    "zero-initialized-in-bss zvector"
  ).split(" "),
)

/** What is refused when it is asked for, and may be forbidden: `-fno-lto`, `-fno-sanitize=all`. */
const FORBIDDEN =
  /^-fno-(lto|sanitize|profile|coverage|pack-struct|short-(enums|wchar)|unsigned-char|trapv|instrument-functions|builtin-\w+|plugin|modules|max-type-align|auto-profile)/

/** True for a `-f…` option that is known and changes nothing. */
export function isHarmlessF(arg: string): boolean {
  if (FORBIDDEN.test(arg)) return true
  const name = arg
    .slice(2)
    .replace(/^no-/, "")
    .replace(/=.*$/s, arg.includes("=") ? "=" : "")
  return HARMLESS_F.has(name)
}

/** All names of {@link isHarmlessF}, for "did you mean". */
export const F_NAMES: readonly string[] = [...HARMLESS_F].flatMap(name => [`-f${name}`, `-fno-${name}`])

/** `-g…`: whether debug information is wanted; a text is why that form cannot be had. */
export function applyG(job: CcJob, arg: string): string | undefined {
  if (arg.startsWith("-gsplit-dwarf")) return "debug information is written into the object itself"
  if (arg === "-g0") job.debug = false
  else if (
    /^-g(gdb)?[1-3]?$|^-gdwarf(-[2-5])?$|^-gline-(tables|directives)-only$|^-gmodules$|^-gfull$|^-gused$/.test(arg)
  ) {
    job.debug = true
  } else if (
    !/^-g(no-|btf$|z|strict-dwarf|column-info|pubnames|embed-source|inline-|simple-template|record-)/.test(arg)
  ) {
    return "it is not known"
  }
  return undefined
}

/** `-Xclang ARG`: of clang's inner options those that make sense here; a text is why not. */
export function applyXclang(job: CcJob, args: readonly string[]): string | undefined {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    if (arg === "-target-feature") {
      const feature = args[++i] ?? ""
      if (feature === "+alu32" && job.cpu !== "probe" && job.cpu < 3) job.cpu = 3
      else if (!/^[+-](alu32|dwarfris|dummy)$/.test(feature)) return `there is no target feature '${feature}'`
    } else if (arg === "-emit-llvm" || arg === "-emit-llvm-bc") return "skep has no LLVM inside"
    else if (!/^-(disable-|O|f|mllvm$|debug-info-kind|mrelax-|w$|W|vectorize|no-opaque|opaque)/.test(arg)) {
      return `clang's inner option '${arg}' is not known`
    }
  }
  return undefined
}
