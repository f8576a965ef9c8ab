import type { CpuLevel } from "../compiler/index.ts"

/** What the plugin for bundlers takes; nothing is needed. */
export interface BundlerOptions {
  /** Which files are programs, by their path: those that end with `.bpf.c` without it. */
  readonly include?: RegExp
  /** Macros: `{ DEBUG: true, LIMIT: 100, NAME: '"x"' }`; `false` and `undefined` define nothing. */
  readonly defines?: Readonly<Record<string, string | number | boolean | undefined>>
  /** `-DNAME=VALUE`, `-UNAME` and `-IFOLDER`, as for a C compiler; other flags are an error. */
  readonly cflags?: readonly string[]
  /** Folders in which `#include` looks for files, after the folder of the including file. */
  readonly includes?: readonly string[]
  /** Instruction set level; 3 (Linux 5.1) without it. */
  readonly cpu?: CpuLevel
  /** False adds no code that counts the events for which a ring buffer has no room. */
  readonly countDrops?: boolean
  /**
   * The file of declarations that is written beside `prog.bpf.c`: `prog.bpf.c.d.ts`, which TypeScript finds with `"moduleResolution": "bundler"`, or
   * with `"d.c.ts"` `prog.bpf.d.c.ts`, which it finds with `"allowArbitraryExtensions": true`. False writes none.
   */
  readonly types?: "c.d.ts" | "d.c.ts" | false
  /** False bundles skep itself, too. Without it the bundle imports it when it runs: it has parts that are no JavaScript. */
  readonly external?: boolean
}

/** Paths of programs. */
export const programsOf = ({ include = /\.bpf\.c$/ }: BundlerOptions): RegExp => include

/** Where the types of a file's import are looked for, if they are to be written. */
export function typesPath(path: string, { types = "c.d.ts" }: BundlerOptions): string | undefined {
  if (types === false) return undefined
  return types === "c.d.ts" ? `${path}.d.ts` : path.replace(/\.(\w+)$/, ".d.$1.ts")
}

/** The path of a module's id, which bundlers may have put a query behind. */
export const pathOfId = (id: string): string => id.replace(/[?#].*$/, "")
