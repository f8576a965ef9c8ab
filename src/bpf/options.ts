import type { BpfObject } from "../object/index.ts"
import type { ContainerFilter } from "./containers/filter.ts"
import type { ObjectOptions } from "./objects/options.ts"
import type { AnyProgram, ProgramTypes } from "./programTypes.ts"
import type { UsdtOptions } from "./user/options.ts"

/** What {@link BPF.load} takes: the program as `text`, in a `file`, or compiled already. */
export interface LoadOptions<P extends ProgramTypes = AnyProgram> extends ObjectOptions<P> {
  /** The C text. */
  readonly text?: string
  /** Path or `file:` URL of the C text, or of an object file (`.o`), skep's or clang's. */
  readonly file?: string | URL
  /** An object that was compiled before. */
  readonly object?: BpfObject
  /** Name of the text in messages; the file's name, or `program.c`. */
  readonly name?: string
  /** Macros: `{ DEBUG: true, LIMIT: 100, NAME: '"x"' }`; `false` and `undefined` define nothing. */
  readonly defines?: Readonly<Record<string, string | number | boolean | undefined>>
  /** `-DNAME=VALUE`, `-UNAME` and `-IFOLDER`, as for a C compiler; other flags are an error. */
  readonly cflags?: readonly string[]
  /** Folders in which `#include` looks for files, after the folder of the including file. */
  readonly includes?: readonly string[]
  /** Instruction set level; that of the running kernel without it. */
  readonly cpu?: 1 | 2 | 3 | 4
  /**
   * False adds no code that counts the events for which a ring buffer has no room; `lost` of their streams is then 0. Where the kernel refuses a program
   * with that code, it is compiled again without (and `notes` says so). A compiled object stays as it is.
   */
  readonly countDrops?: boolean
  /**
   * Which containers the program is to see, for one that asks `container_should_be_filtered()`; `{}` for all. Puts the text of
   * {@link filterByContainers} in front of it.
   */
  readonly containers?: ContainerFilter
  /**
   * Adds code that counts how often lines, functions and branches run, which {@link BPF.coverage} tells. The program does what it did before, and is
   * larger; an object cannot be given it.
   */
  readonly coverage?: boolean
  /** Static probes (USDT) at which functions of the program run; `bpf_usdt_readarg` reads their arguments. */
  readonly usdt?: readonly UsdtOptions[]
}
