import type { CpuLevel } from "../../compiler/index.ts"

/** What a command line of a C compiler asks for. {@link parseCc} makes one. */
export interface CcJob {
  readonly inputs: CcInput[]
  /** `-o`; `-` is the standard output. */
  output: string | undefined
  action: CcAction
  /** Without `-c`: several inputs become one object. */
  link: boolean
  /** `-DNAME=VALUE`, `-UNAME` and `-include FILE`, in order. */
  readonly flags: string[]
  readonly folders: CcFolders
  dependencies: CcDependencies | undefined
  /** `-MJ FILE`: where an entry for compile_commands.json goes. */
  database: string | undefined
  /** `-H`: says which headers are read, each behind a point for every file around it. */
  showHeaders: boolean
  /** `-P` leaves them out of `-E`. */
  markers: boolean
  cpu: CpuLevel | "probe"
  /** `-g`: line tables for debuggers. Types and lines for the kernel (BTF) are always written. */
  debug: boolean
  /** The folder that names in debug information are relative to; the current one without it. */
  compilationFolder: string | undefined
  /** `-fdebug-prefix-map=FROM=TO`, in order: beginnings of names in debug information, and what stands there in their place. */
  readonly prefixes: (readonly [from: string, to: string])[]
  /** `-W…` in order, without the `-W`; `-w` is `no-everything`. */
  readonly warnings: string[]
  workingDirectory: string | undefined
  /** Undefined: as the terminal wants it. */
  color: boolean | undefined
  errorLimit: number | undefined
  /** `-v`: says what it does; `-###`: says it and does nothing. */
  verbose: "no" | "say" | "only"
  /** `--version`, `-dumpversion`, `-print-…`: the answers that are wanted in place of a compilation. */
  readonly answers: string[]
  /** What the driver warns of. */
  readonly remarks: string[]
}

export interface CcInput {
  readonly name: string
  readonly language: "c" | "object"
}

/** What is made of each input. */
export type CcAction = "object" | "assembly" | "preprocess" | "macros" | "syntax" | "dependencies"

/** Where `#include` looks, in this order; `quoted` for the form with quotes only. */
export interface CcFolders {
  readonly quoted: string[]
  readonly user: string[]
  readonly system: string[]
  readonly after: string[]
  /** False with `-nostdinc`: not in /usr/local/include and /usr/include. */
  standard: boolean
}

/** A rule for make: `file.o: file.c a.h`. */
export interface CcDependencies {
  /** Those of `-isystem` and /usr/include, too. */
  system: boolean
  file: string | undefined
  /** Already in make's spelling. */
  readonly targets: string[]
  /** A rule without prerequisites for each header (`-MP`). */
  phony: boolean
  /** Headers that are not there are taken to be made later, and to be empty (`-MG`). */
  unmade: boolean
}
