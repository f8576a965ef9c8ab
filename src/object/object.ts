import type { Insn } from "../isa/index.ts"

/**
 * A compiled or read BPF object: the waist of the hour-glass. Plain data, serialisable, the same whoever made it.
 * The kernel, the embedded machine, the ELF writer and the disassembler all take one.
 */
export interface BpfObject {
  /** File the object was made from, for messages. */
  readonly name: string
  readonly license: string
  readonly programs: readonly ProgramSpec[]
  /** Subprograms that programs call or pass as callbacks. */
  readonly functions: readonly FunctionSpec[]
  readonly maps: readonly MapSpec[]
  /** Encoded .BTF section of the object's own types; empty when it has none. */
  readonly btf: Uint8Array
  /** Source lines for line info, by index: the text and its place. */
  readonly lines: readonly SourceLine[]
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
  /** BTF id of the function (`BTF_KIND_FUNC`), 0 when unknown. */
  readonly btfId: number
  readonly lineInfo: readonly LineInfo[]
}

export interface ProgramSpec extends FunctionSpec {
  /** ELF section name, for example `kprobe/do_sys_open` or `.bpf.fn.hello`. */
  readonly section: string
  /** Program type by its `enum bpf_prog_type` name without the prefix, lower case; undefined where the caller decides. */
  readonly type?: ProgramType
  /** Where the program asks to be attached, from its name or section. */
  readonly attach?: AttachSpec
}

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
  | { readonly kind: "kprobe" | "kretprobe"; readonly event: string; readonly syscall?: boolean }
  | { readonly kind: "tracepoint"; readonly category: string; readonly event: string }
  | { readonly kind: "raw_tracepoint"; readonly event: string }
  | { readonly kind: "fentry" | "fexit" | "fmod_ret"; readonly event: string; readonly module?: string }
  | { readonly kind: "lsm"; readonly event: string }
  | { readonly kind: "iter"; readonly event: string }

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
  /** `call` of a kernel function by name. */
  | { readonly kind: "kfunc"; readonly insn: number; readonly name: string }

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
  /** Path below the BPF file system where the map is pinned, or found. */
  readonly pin?: string
  /** Initial bytes: the content of a global data section. */
  readonly data?: Uint8Array
  /** Set for global data that programs must not write (.rodata). */
  readonly frozen?: boolean
  /** Record type of an event stream (perf event array, ring buffer): BTF id of the struct submitted, where known. */
  readonly eventType?: number
}
