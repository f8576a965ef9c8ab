import { SkepError } from "../../../src/base/index.ts"
import type { CpuLevel } from "../../../src/codegen/index.ts"
import { compileProgram, runObject } from "../program.ts"
import { ENTRY, type Ending, header, PASSED, wholeProgram } from "./headers.ts"
import type { TortureTest } from "./suite.ts"

export type Verdict =
  | { readonly kind: "passed" }
  /** The compiler refuses it, and says why; or the kernel's verifier does. */
  | { readonly kind: "refused" | "verifier"; readonly reason: string; readonly message: string }
  | { readonly kind: "wrong" | "crash"; readonly message: string }

const levels: readonly CpuLevel[] = [1, 3, 4]

/** Compiles a test and runs it in the kernel at each level of the instruction set, with the ending that the verifier can follow. */
export function judge(test: TortureTest): Verdict {
  const verdict = judgeWith(test, "flag")
  if (verdict.kind !== "verifier") return verdict
  const other = judgeWith(test, "throw")
  return other.kind === "verifier" ? verdict : other
}

function judgeWith(test: TortureTest, ending: Ending): Verdict {
  const text = wholeProgram(test.text, ending)
  try {
    const objects = compileProgram({ name: `${test.name}.c`, text, entry: ENTRY, resolve: header }, levels)
    for (const [i, object] of objects.entries()) {
      const result = runObject(object, ENTRY)
      if (result !== PASSED) return { kind: "wrong", message: `gives ${result} at level ${levels[i]}` }
    }
    return { kind: "passed" }
  } catch (e) {
    if (!(e instanceof SkepError)) return { kind: "crash", message: String((e as Error).stack ?? e) }
    const { code, message } = e
    if (code.startsWith("KERNEL_")) return { kind: "verifier", reason: plain(message), message }
    if (e.hint?.includes("fault of skep")) return { kind: "crash", message: `${code}: ${message}` }
    return { kind: "refused", reason: reasonOf(code, message), message }
  }
}

/** What a code of the compiler means here, for the list of reasons. */
const reasons: Readonly<Record<string, string>> = {
  C_FLOAT: "floating point",
  IR_FLOAT: "floating point",
  C_INCLUDE_NOT_FOUND: "the C library",
  IR_UNDEFINED_FUNCTION: "the C library",
  C_UNDECLARED: "a function without a declaration",
  C_VLA: "variable length arrays",
  C_NESTED_FUNCTION: "nested functions",
  IR_RECURSION: "recursion",
  IR_VARIADIC: "a variable number of arguments",
  IR_INDIRECT_CALL: "calls through pointers",
  CODEGEN_ADDRESS: "addresses in global data, which only a loader could fill in",
  C_UNKNOWN_TYPE: "definitions without any type (C89)",
  CODEGEN_STACK: "more than 512 bytes of stack",
  C_ARRAY_SIZE: "more than 4 GiB of memory",
}

function reasonOf(code: string, message: string): string {
  return reasons[code] ?? `${code}: ${plain(message)}`
}

/** A message without what is a single program's. */
function plain(message: string): string {
  return message
    .replace(/^.*refused program \w+: /, "")
    .replace(/ \([^()]*\.c:\d+.*$/, "")
    .replace(/'[^']*'/g, "'…'")
    .replace(/\d+/g, "N")
    .replace(/ R N/g, " R")
}
