import type { CoreKind } from "../btf/index.ts"
import type { Insn } from "../isa/index.ts"
import type { FunctionDebug, ObjectDebug } from "./debug.ts"

/**
 * A compiled or read BPF object: the waist of the hour-glass. Plain data, serialisable, the same whoever made it.
 * The kernel, the embedded machine, the ELF writer and the disassembler all take one.
 */
export interface BpfObject {
  /** File the object was made from, for messages. */
  readonly name: string
  /** The program's licence: `GPL`. */
  readonly license: string
  /** Functions that can be attached or run. */
  readonly programs: readonly ProgramSpec[]
  /** Subprograms that programs call or pass as callbacks. */
  readonly functions: readonly FunctionSpec[]
  /** Its maps; global variables have some as well, whose names start with a dot. */
  readonly maps: readonly MapSpec[]
  /** Encoded .BTF section of the object's own types; empty when it has none. */
  readonly btf: Uint8Array
  /** Source lines for line info, by index: the text and its place. */
  readonly lines: readonly SourceLine[]
  /** What debug information says beyond BTF, where it was asked for. */
  readonly debug?: ObjectDebug
  /** What another object has to define before this one can be loaded: `linkObjects` finds it. */
  readonly externs?: readonly ExternSpec[]
}

/** A function, variable or map that the object declares and does not define. */
export interface ExternSpec {
  readonly name: string
  readonly kind: "function" | "variable" | "map"
  /** BTF id of its `func` or `var` in the object's BTF; 0 when unknown. */
  readonly type: number
  /** It may stay undefined. */
  readonly weak: boolean
  /** What defines it becomes hidden. */
  readonly hidden?: boolean
}

export interface SourceLine {
  readonly file: string
  readonly text: string
  /** From 1. */
  readonly line: number
}

/** A piece of code that has a name: a program or a subprogram. */
export interface FunctionSpec {
  readonly name: string
  readonly insns: readonly Insn[]
  readonly relocations: readonly Relocation[]
  /** CO-RE: values in instructions that depend on the running kernel's types. `relocateCore` fills them in. */
  readonly core: readonly CoreRelocation[]
  /** BTF id of the function (`BTF_KIND_FUNC`), 0 when unknown. */
  readonly btfId: number
  readonly lineInfo: readonly LineInfo[]
  /** The verifier checks a global subprogram by itself, and a static one wherever it is called. Programs are global. */
  readonly linkage: "static" | "global"
  /** Instructions that cannot run in the kernel the object is meant for. */
  readonly poisoned?: readonly Poisoned[]
  /** Its scopes and variables. */
  readonly debug?: FunctionDebug
  /** Gives way to a function of the same name when objects are linked. */
  readonly weak?: boolean
  /** Seen by the objects it is linked with, and static after that. */
  readonly hidden?: boolean
}

/** An instruction that must not be reached, and one plain line that says why. */
export interface Poisoned {
  readonly insn: number
  readonly why: string
}

export interface ProgramSpec extends FunctionSpec {
  /** ELF section name, for example `kprobe/do_sys_open` or `.bpf.fn.hello`. */
  readonly section: string
  /** Program type by its `enum bpf_prog_type` name without the prefix, lower case; undefined where the caller decides. */
  readonly type?: ProgramType
  /** Where the program asks to be attached, from its name or section. */
  readonly attach?: AttachSpec
  /** What it is loaded for, by its `enum bpf_attach_type` name without the prefix, lower case, where the section says it. */
  readonly attachType?: string
  /** It may sleep (`fentry.s/…`). */
  readonly sleepable?: boolean
  /** It takes packets of several fragments (`xdp.frags`). */
  readonly frags?: boolean
  /** False for one that is loaded only when it is asked for (`?kprobe/…`). */
  readonly autoload?: boolean
}

/** What a section says of how its programs are loaded. */
export type LoadSpec = Pick<ProgramSpec, "attachType" | "sleepable" | "frags" | "autoload">

/** The type of a program, as `enum bpf_prog_type` names it: without BPF_PROG_TYPE_, lower case. */
export type ProgramType =
  | "socket_filter"
  | "kprobe"
  | "sched_cls"
  | "sched_act"
  | "tracepoint"
  | "xdp"
  | "perf_event"
  | "cgroup_skb"
  | "cgroup_sock"
  | "lwt_in"
  | "lwt_out"
  | "lwt_xmit"
  | "sock_ops"
  | "sk_skb"
  | "cgroup_device"
  | "sk_msg"
  | "raw_tracepoint"
  | "cgroup_sock_addr"
  | "lwt_seg6local"
  | "lirc_mode2"
  | "sk_reuseport"
  | "flow_dissector"
  | "cgroup_sysctl"
  | "raw_tracepoint_writable"
  | "cgroup_sockopt"
  | "tracing"
  | "struct_ops"
  | "ext"
  | "lsm"
  | "sk_lookup"
  | "syscall"
  | "netfilter"

/** What a program's name or section says about its attachment. Later issues add forms; unknown ones are left undefined. */
export type AttachSpec =
  | {
      readonly kind: "kprobe" | "kretprobe"
      readonly event: string
      readonly syscall?: boolean
      /** Bytes into the function. */
      readonly offset?: number
    }
  /** All functions whose names match a pattern with `*` and `?`. */
  | { readonly kind: "kprobe_multi" | "kretprobe_multi"; readonly event: string }
  | { readonly kind: "tracepoint"; readonly category: string; readonly event: string }
  | { readonly kind: "raw_tracepoint"; readonly event: string }
  /** A function of a program or library: `path` is a file's, or the name of a library or program; `event` the function. */
  | { readonly kind: "uprobe" | "uretprobe"; readonly path: string; readonly event: string; readonly offset?: number }
  /** A static probe of a program or library. */
  | { readonly kind: "usdt"; readonly path: string; readonly provider: string; readonly event: string }
  | { readonly kind: "fentry" | "fexit" | "fmod_ret"; readonly event: string; readonly module?: string }
  | { readonly kind: "lsm" | "lsm_cgroup"; readonly event: string }
  /** Takes the place of a global function of a program that is loaded already. */
  | { readonly kind: "freplace"; readonly event: string }
  | { readonly kind: "iter"; readonly event: string }
  /** A tracepoint whose arguments the verifier knows the types of. */
  | { readonly kind: "tp_btf"; readonly event: string }

export interface LineInfo {
  /** Index into `insns` (not slots). */
  readonly insn: number
  /** Index into `BpfObject.lines`. */
  readonly line: number
  /** From 1; 0 when unknown. */
  readonly column: number
}

/** A value in an instruction that only the loader knows. `insn` is an index into `insns` (not slots). */
export type Relocation =
  /** `lddw` of a map's address: pseudo map fd. */
  | { readonly kind: "map"; readonly insn: number; readonly map: string }
  /** `lddw` of the address of byte `offset` of a map's first value (global data): pseudo map value. */
  | { readonly kind: "mapValue"; readonly insn: number; readonly map: string; readonly offset: number }
  /** `call` of a subprogram. */
  | { readonly kind: "call"; readonly insn: number; readonly function: string }
  /** `lddw` of a subprogram's address (a callback): pseudo func. */
  | { readonly kind: "function"; readonly insn: number; readonly function: string }
  /** `call` of a kernel function by name. A weak one that the kernel lacks may not be reached. */
  | { readonly kind: "kfunc"; readonly insn: number; readonly name: string; readonly weak?: boolean }
  /**
   * `lddw` of the address of a variable or function of the kernel: by BTF when it is declared with a type, from the
   * kernel's symbols when it is declared void. A weak one that the kernel lacks is 0.
   */
  | {
      readonly kind: "ksym"
      readonly insn: number
      readonly name: string
      readonly typed: boolean
      readonly weak: boolean
    }
  /** `lddw` of byte `offset` of a variable that another object defines. */
  | { readonly kind: "extern"; readonly insn: number; readonly name: string; readonly offset: number }

/**
 * An instruction that holds what the running kernel's types say: the displacement of a load or store, the immediate of
 * an arithmetic instruction or of an `lddw`.
 */
export interface CoreRelocation {
  /** Index into `insns`. */
  readonly insn: number
  /** BTF id of the type in the object's BTF. */
  readonly type: number
  /** Indexes from the type inwards, separated by colons (`0:1:2`); the enumerator of an enum value; `0` for a type. */
  readonly access: string
  readonly kind: CoreKind
}

export interface MapSpec {
  readonly name: string
  /** Map type by its `enum bpf_map_type` name without the prefix, lower case. */
  readonly type: string
  readonly keySize: number
  readonly valueSize: number
  /** 0 asks the machine to choose: possible CPUs for a perf event array. */
  readonly maxEntries: number
  readonly flags: number
  /** BTF ids of key and value in the object's BTF; 0 when there are none. */
  readonly keyType: number
  readonly valueType: number
  /** Inner map of a map in map, by name. */
  readonly inner?: string
  /** What the maps in a map in map are like, where it is no map of the object's own. */
  readonly innerSpec?: MapSpec
  /** What stands in an array of maps or of programs from the start. */
  readonly values?: readonly MapEntry[]
  /** `map_extra`: hash functions of a Bloom filter, address of an arena. */
  readonly mapExtra?: number
  /** NUMA node its memory is on; goes with the flag BPF_F_NUMA_NODE. */
  readonly numaNode?: number
  /** Path below the BPF file system where the map is pinned, or found. */
  readonly pin?: string
  /** Initial bytes: the content of a global data section. */
  readonly data?: Uint8Array
  /** Alignment of that section in bytes, where it is more than 8. */
  readonly align?: number
  /** Set for global data that programs must not write (.rodata). */
  readonly frozen?: boolean
  /** Variables of global data: places for symbols. */
  readonly symbols?: readonly DataSymbol[]
  /** Addresses in initial data. The kernel has no way to fill them in: programs read only the addend. */
  readonly dataRelocations?: readonly DataRelocation[]
  /** What `.kconfig` holds: values of the kernel's configuration. */
  readonly kconfig?: readonly KconfigSpec[]
  /** Set for an instance of a table of the kernel's operations (type `struct_ops`). */
  readonly structOps?: StructOpsSpec
  /** Gives way to a map of the same name when objects are linked. */
  readonly weak?: boolean
  /** Record type of an event stream (perf event array, ring buffer): BTF id of the struct submitted, where known. */
  readonly eventType?: number
  /** Set for the counters of events that did not fit into ring buffers: the name of the ring buffer that each element counts for. */
  readonly drops?: readonly string[]
}

/** An entry of an array of maps or programs. */
export interface MapEntry {
  readonly index: number
  readonly map?: string
  readonly program?: string
}

/** A variable in a section of global data. */
export interface DataSymbol {
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly linkage: "static" | "global"
  readonly weak?: boolean
  readonly hidden?: boolean
}

/** An address in initial data: of a byte of global data, a map, or a function. */
export interface DataRelocation {
  /** Where it stands. */
  readonly offset: number
  readonly target: string
  readonly addend: number
}

/** An `extern … __kconfig` variable. */
export interface KconfigSpec {
  /** `CONFIG_HZ`, `LINUX_KERNEL_VERSION`, … */
  readonly name: string
  readonly offset: number
  readonly size: number
  /** BTF id of its type. */
  readonly type: number
  /** 0 where the kernel's configuration does not have it. */
  readonly weak: boolean
}

/** A table of operations that programs implement (`struct tcp_congestion_ops`, …). */
export interface StructOpsSpec {
  /** BTF id of the struct in the object's BTF. */
  readonly type: number
  /** It is attached by a link (`.struct_ops.link`), not by being there. */
  readonly link: boolean
  /** False for one that is left out, with its programs, unless it is asked for (`?.struct_ops`). */
  readonly autoload?: false
  /** Members that point to programs, by byte offset in the struct. */
  readonly programs: readonly { readonly offset: number; readonly program: string }[]
}
