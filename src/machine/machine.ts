import type { Btf } from "../btf/index.ts"
import type { AttachType } from "../isa/index.ts"
import type { AttachSpec, BpfObject, ProgramType } from "../object/index.ts"
import type { LoadedMap } from "./map.ts"
import type { Network } from "./network.ts"
import type { Link, LoadedProgram } from "./program.ts"
import type { MachineSymbols } from "./symbols.ts"
import type { TraceOptions, TraceReader } from "./trace.ts"

/** Where programs run: the kernel of this computer, or the embedded machine. */
export interface Machine {
  /** What it is, for people: `kernel`. */
  readonly name: string
  /** Devices and packets of the machine. */
  readonly network: Network
  /** Names of what is traced; this computer's kernel and processes without it. */
  readonly symbols?: MachineSymbols
  /** Makes the object's maps and loads its programs. All or nothing: after an error nothing is left behind. */
  load(object: BpfObject, options?: LoadOptions): Loaded
  /** What programs print with `bpf_trace_printk`, from now on. */
  trace(options?: TraceOptions): TraceReader
}

/** How an object is loaded. */
export interface LoadOptions {
  /**
   * The verifier's log of programs that load: 0 none (and fast), 1 the last path, 2 every path. A refused program's
   * log is in its error always.
   */
  readonly verifierLog?: 0 | 1 | 2
  /** False loads programs that no verifier has checked, where the machine is an embedded one; a kernel always checks. True without it. */
  readonly verify?: boolean
  /** Load no program yet; {@link Loaded.program} loads each when it is asked for. */
  readonly lazy?: boolean
  /** Maps to use in place of the object's, by name: of the same type and sizes. Closing them later takes nothing from the object. */
  readonly maps?: ReadonlyMap<string, LoadedMap>
  /** Lines of a kernel's configuration that take the place of what the machine tells: `CONFIG_HZ=250`. */
  readonly config?: string
  /** Types of the kernel that CO-RE looks things up in, in place of those that the machine tells. */
  readonly types?: Btf
}

/** How to load a program, where the object leaves it open or the caller knows better. */
export interface ProgramOptions {
  /** The program's type, where neither its section nor its name says it. */
  readonly type?: ProgramType
  /** Types that are bound to a kernel function when they are loaded (fentry, LSM, iterators) need it. */
  readonly attach?: AttachSpec
  /** What it is loaded for, by its `enum bpf_attach_type` name without the prefix, lower case, in place of what the object says. */
  readonly attachType?: AttachType | (string & {})
  /** For a program of type `ext`: the loaded program of which it takes a global function's place. The other one must stay loaded. */
  readonly replaces?: { readonly program: LoadedProgram; readonly function: string }
}

/** An object in a machine. Disposing it detaches its links and frees its programs and maps. */
export interface Loaded extends Disposable {
  /** The object as it was given. */
  readonly object: BpfObject
  /** Its maps by name. */
  readonly maps: ReadonlyMap<string, LoadedMap>
  /** The programs loaded so far. */
  readonly programs: ReadonlyMap<string, LoadedProgram>
  /** Attachments of its programs that are in force. */
  readonly links: ReadonlySet<Link>
  /** What the machine could not do, but did without: type information an old kernel refuses, for example. */
  readonly notes: readonly string[]
  /** A map by name. Throws `MACHINE_NO_MAP`. */
  map(name: string): LoadedMap
  /**
   * A program by name, loaded now if it is not yet. A program whose type the object does not say is loaded here, as
   * `options` say. Throws `MACHINE_NO_PROGRAM`, `MACHINE_NO_TYPE`, or what the machine refuses it with.
   */
  program(name: string, options?: ProgramOptions): LoadedProgram
  /**
   * Hands a table of operations (`SEC(".struct_ops") struct tcp_congestion_ops …`) to the machine, which calls its programs from now on. The link's
   * program is the first of the table's. Throws `MACHINE_NO_MAP`, `KERNEL_NO_STRUCT_OPS`.
   */
  attachOperations(map: string): Link
  /** Disposes it after an error in what follows loading: pins that it made for its maps go, too. */
  abandon(): void
}
