import type { LoadedMap, Machine } from "../../machine/index.ts"
import type { BpfObject } from "../../object/index.ts"
import type { BpfMap } from "../maps/index.ts"
import type { AnyProgram, FunctionName, InitialGlobals, ProgramTypes, TableName } from "../programTypes.ts"

/** An object file by its path or `file:` URL, its bytes, or an object that was read or compiled before. */
export type ObjectFile = string | URL | Uint8Array | BpfObject

/** Values by the names that a program has, where they are known. */
type ByName<N extends string, T> = { readonly [name in N]?: T }

/** What can be chosen before an object is loaded. Names of maps and programs that it does not have are an error. */
export interface ObjectOptions<P extends ProgramTypes = AnyProgram> {
  /**
   * Values of global variables, constants among them, from the start: `{ threshold: 5 }`. The verifier knows those of
   * constants, and leaves out what they switch off.
   */
  readonly globals?: InitialGlobals<NoInfer<P>>
  /** How many entries maps hold, or how many bytes ring buffers, in place of what the object says: `{ starts: 100_000 }`. */
  readonly maxEntries?: ByName<TableName<NoInfer<P>>, number>
  /**
   * Maps of other programs to use in place of the object's own, which must be of the same type and sizes: `{ counts: other.table("counts") }`. The
   * program keeps them for as long as it needs them.
   */
  readonly maps?: ByName<TableName<NoInfer<P>>, BpfMap | LoadedMap>
  /**
   * Where maps are pinned in the BPF file system; one that is there already is used (`KERNEL_PIN_DIFFERS` where it is another one), else the map is
   * made and pinned there. False leaves one alone that the object wants pinned.
   */
  readonly pinned?: ByName<TableName<NoInfer<P>>, string | false>
  /** Folder for maps that are pinned by their names (`LIBBPF_PIN_BY_NAME`); `/sys/fs/bpf` without it. */
  readonly pinFolder?: string
  /**
   * Programs, and tables of operations with theirs, that are loaded although their section switches them off (`SEC("?…")`), or, with false, left
   * out.
   */
  readonly autoload?: ByName<FunctionName<NoInfer<P>>, boolean>
  /**
   * Types of the events that maps carry, where the object does not tell: `{ events: "struct event" }`. skep's own objects do; those of clang hold the
   * type's name and members where a variable or map has it.
   */
  readonly eventTypes?: ByName<TableName<NoInfer<P>>, string>
  /** False keeps programs whose section or name tells their place from being attached at once; {@link BPF.attachAll} attaches them later. */
  readonly autoAttach?: boolean
  /**
   * Options of the kernel's configuration, in place of what the running kernel tells: `{ CONFIG_HZ: 250, CONFIG_BPF_LSM: "y" }`. What programs
   * declare as `__kconfig` has these values.
   */
  readonly kconfig?: Readonly<Record<string, string | number | boolean>>
  /**
   * The running kernel's types, for kernels that do not tell them (CONFIG_DEBUG_INFO_BTF): a BTF file as BTFHub has them, or an ELF file with a section
   * `.BTF`. Fields, sizes and enumerators (CO-RE) are looked up there.
   */
  readonly kernelTypes?: string | URL | Uint8Array
  /** The verifier's log of programs that load: 0 none, 1 the last path, 2 every path. A refused program's log is in its error always. */
  readonly verifierLog?: 0 | 1 | 2
  /** False loads a program that no verifier has checked, on the embedded machine: it cannot leave that machine's memory. */
  readonly verify?: boolean
  /**
   * Where the program runs: in this computer's kernel, or on the embedded machine (`vm`), which needs no rights and no Linux. Without it, and without the
   * environment variable `SKEP_MACHINE`, in the kernel where this process may use bpf(2), else on the embedded machine, with a warning (`SKEP_EMBEDDED`).
   */
  readonly on?: "kernel" | "vm"
  /** A machine of the caller's, in place of those. */
  readonly machine?: Machine
}
