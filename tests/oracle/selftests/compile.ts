import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { SkepError, SourceFile } from "../../../src/base/index.ts"
import { runningTarget } from "../../../src/bpf/target.ts"
import type { IncludeResolver } from "../../../src/c/index.ts"
import { compile, type Target } from "../../../src/compiler/index.ts"
import type { BpfObject } from "../../../src/object/index.ts"

/** Why a file did not compile or a program did not load. */
export interface Failure {
  readonly code: string
  readonly message: string
}

/** One file of the selftests, compiled by skep. */
export interface Compiled {
  readonly name: string
  readonly milliseconds: number
  readonly object?: BpfObject
  readonly failed?: Failure
}

/** Names of the selftests' programs, `progs/NAME.c`. */
export function selftestNames(dir: string, only: readonly string[] = []): string[] {
  return readdirSync(join(dir, "progs"))
    .filter(name => name.endsWith(".c"))
    .map(name => basename(name, ".c"))
    .filter(name => only.length === 0 || only.some(word => name.includes(word)))
    .sort()
}

/** Compiles files of the selftests one after the other. */
export class Compiler {
  readonly #dir: string
  readonly #target: Target = runningTarget()
  readonly #files = new Map<string, SourceFile | undefined>()

  /** `dir` is `tools/testing/selftests/bpf` of the kernel's source. */
  constructor(dir: string) {
    this.#dir = dir
  }

  compile(name: string): Compiled {
    const path = join(this.#dir, "progs", `${name}.c`)
    const start = performance.now()
    const took = () => performance.now() - start
    try {
      const text = readFileSync(path, "utf8")
      const options = { dialect: "libbpf", resolve: this.#resolve, target: this.#target, cpu: 3 } as const
      const { object } = compile({ name: `${name}.c`, text, ...options })
      return { name, milliseconds: took(), object }
    } catch (error) {
      return { name, milliseconds: took(), failed: failure(error) }
    }
  }

  /** The selftests' own headers; all others are skep's. */
  readonly #resolve: IncludeResolver = name => {
    // A path that goes up may be meant from a folder of system headers.
    for (const folder of name.startsWith("..") ? ["progs", ".", "../../../include/uapi"] : ["progs", "."]) {
      const found = this.#read(join(this.#dir, folder, name))
      if (found !== undefined) return found
    }
    return undefined
  }

  #read(path: string): SourceFile | undefined {
    if (!this.#files.has(path)) this.#files.set(path, read(path))
    return this.#files.get(path)
  }
}

function read(path: string): SourceFile | undefined {
  try {
    return new SourceFile(path, readFileSync(path, "utf8"))
  } catch {
    return undefined
  }
}

export function failure(error: unknown): Failure {
  if (!(error instanceof SkepError)) {
    const message = error instanceof Error ? `${error.message}\n${error.stack}` : String(error)
    return { code: "INTERNAL", message }
  }
  const at = error.span
  const place = at === undefined ? "" : `${basename(at.file.name)}:${at.file.position(at.start).line}: `
  return { code: error.code, message: place + error.message }
}
