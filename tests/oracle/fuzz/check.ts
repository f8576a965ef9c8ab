import { existsSync, readFileSync } from "node:fs"
import { SkepError } from "../../../src/base/index.ts"
import { Btf } from "../../../src/btf/index.ts"
import { type CpuLevel, compile } from "../../../src/compiler/index.ts"

const vmlinux = "/sys/kernel/btf/vmlinux"
/** The kernel's types where there are any: more programs get past the type checker with them. */
let btf: Btf | undefined | null = null

function kernelTypes(): Btf | undefined {
  if (btf === null) btf = existsSync(vmlinux) ? Btf.parse(readFileSync(vmlinux)) : undefined
  return btf
}

export type Outcome = "compiles" | "refused"

/** Characters up to which the stages check their work; the checks themselves take long for large functions. */
const CHECKED = 10_000

/**
 * Compiles a text through the whole pipeline, with every stage's own check where it is small. @throws Error where the compiler is at fault: an error that is none
 * of its own, or without a proper code, a place in one line, or one that blames the compiler.
 */
export function tryInput(text: string, seed: number): Outcome {
  const cpu = ((seed % 4) + 1) as CpuLevel
  const target = { arch: "x86_64", kernelVersion: (6 << 16) | (1 << 8), cpus: 1, pageSize: 4096 } as const
  // Looking for names that are like a wrong one takes longest: few inputs get the many names of a kernel.
  const types = seed % 8 === 0 ? kernelTypes() : undefined
  try {
    compile({ name: "fuzz.c", text, target: { ...target, btf: types }, cpu, check: text.length < CHECKED })
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
