import { existsSync, readFileSync } from "node:fs"
import { SkepError } from "../../../src/base/index.ts"
import { Btf } from "../../../src/btf/index.ts"
import { Compilation, type CpuLevel } from "../../../src/compiler/index.ts"

const vmlinux = "/sys/kernel/btf/vmlinux"
/** The kernel's types where there are any: more programs get past the type checker with them. */
let btf: Btf | undefined | null = null

function kernelTypes(): Btf | undefined {
  if (btf === null) btf = existsSync(vmlinux) ? Btf.parse(readFileSync(vmlinux)) : undefined
  return btf
}

/** "read" for a text that has no fault up to the type checker and was not taken further. */
export type Outcome = "compiles" | "read" | "refused"

/** Characters up to which the stages check their work; the checks themselves take long for large functions. */
const CHECKED = 10_000

/**
 * Compiles the text of an input, with every stage's own check where it is small; behind the type checker only where `further` says so then.
 * @throws Error where the compiler is at fault: an error that is none of its own, or without a proper code, a place in one line, or one that
 * blames the compiler
 */
export function tryInput(text: string, input: number, further: (dice: number) => boolean = () => true): Outcome {
  const dice = Math.imul(input, 0x9e3779b1) >>> 8
  const cpu = ((dice % 4) + 1) as CpuLevel
  // Looking for names that are like a wrong one takes longest: few inputs get the many names of a kernel.
  const types = (dice & 0xf0) === 0 ? kernelTypes() : undefined
  const target = { arch: "x86_64", kernelVersion: (6 << 16) | (1 << 8), cpus: 1, pageSize: 4096, btf: types } as const
  const compilation = new Compilation({ name: "fuzz.c", text, target, cpu, check: text.length < CHECKED })
  try {
    if ((dice & 0x1f00) === 0) void compilation.preprocessed()
    void compilation.rewritten
    if (!further(dice >>> 13)) return "read"
    void compilation.object
    return "compiles"
  } catch (error) {
    if (!(error instanceof SkepError)) throw error
    const { code, message, hint } = error
    if (!/^[A-Z]+_[A-Z0-9_]+$/.test(code)) throw new Error(`not a code: ${code}`, { cause: error })
    if (message.includes("\n") || message === "") throw new Error(`not one line: ${message}`, { cause: error })
    if (hint?.includes("fault of skep")) throw new Error(`${code}: ${message}`, { cause: error })
    return "refused"
  }
}

/** What a fault is about, the same for all texts that show it: the message without names and numbers, and the function that threw. */
export function faultName(error: unknown): string {
  const { message = String(error), stack } = error as Partial<Error>
  const place = message.startsWith("Maximum call stack")
    ? ""
    : (/\n\s+at (?:new )?([\w.#$<>]+)/.exec(stack ?? "")?.[1] ?? "")
  return `${message.replace(/'[^']*'|"[^"]*"|[%@]?\w*\d\w*/g, "_").slice(0, 80)} ${place}`
}
