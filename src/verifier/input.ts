import type { Btf, BtfFuncInfo, BtfLineInfo } from "../btf/index.ts"
import type { AttachType } from "../isa/index.ts"

/** A kernel by version; its rules are those that hold from that version on. */
export interface KernelVersion {
  readonly major: number
  readonly minor: number
}

/** The kernel whose rules are followed where none is asked for, and the oldest one that can be asked for. */
export const NEWEST_KERNEL: KernelVersion = { major: 6, minor: 18 }
export const OLDEST_KERNEL: KernelVersion = { major: 6, minor: 1 }

/** What the verifier has to know of a map that instructions name. */
export interface VerifierMap {
  readonly name: string
  /** Name of the map type as `mapTypes` has it: `hash`, `array`, `ringbuf`, … */
  readonly type: string
  /** Bytes. */
  readonly keySize: number
  /** Bytes. */
  readonly valueSize: number
  readonly maxEntries: number
  /** Flags of its creation (`BPF_F_RDONLY_PROG` 0x80, `BPF_F_WRONLY_PROG` 0x100, …). */
  readonly flags: number
  /** Content of the first value where it can never change again: a frozen array with `BPF_F_RDONLY_PROG` (.rodata). */
  readonly frozen?: Uint8Array
  /** Types that `keyType` and `valueType` are ids of. */
  readonly btf?: Btf
  readonly keyType?: number
  readonly valueType?: number
  /** For a map of maps: a map like those that it holds. */
  readonly inner?: VerifierMap
  /** For `arena`: the address in user space that it starts at. */
  readonly extra?: bigint
  /** The device that it belongs to; a map without one belongs to the host. */
  readonly offloaded?: boolean
}

/** What a program is loaded for, where that is a type or a function: `attach_btf_id`. */
export interface AttachTarget {
  /** The kernel's types, those of a module (`base` is the kernel's), or those of another program. */
  readonly btf: Btf
  /** Id of the `func` (fentry, fexit, LSM, iter), `typedef` (tp_btf: `btf_trace_…`) or `struct` (struct_ops). */
  readonly type: number
  /** For `ext`, and for fentry and fexit of BPF programs: the program whose function it is. */
  readonly program?: {
    readonly type: string
    readonly attachType?: AttachType
    /** Whether the function is a global one (or the program itself), whose arguments are known. */
    readonly global: boolean
    readonly sleepable?: boolean
    readonly tracing?: boolean
  }
}

/**
 * All that a verdict depends on: what `BPF_PROG_LOAD` is given, with descriptors looked up.
 */
export interface VerifierInput {
  /** Encoded instructions, 8 bytes a slot, little-endian; whatever they are: a verifier has to see wrong ones, too. */
  readonly insns: Uint8Array
  /** Name of the program type as `progTypes` has it: `socket_filter`, `xdp`, … */
  readonly type: string
  /** `expected_attach_type`; 0 (`cgroup_inet_ingress`) without it, which most program types take for "none". */
  readonly attachType?: AttachType
  readonly attachTo?: AttachTarget
  /** For struct_ops: number of the member of the table that the program is. */
  readonly structOpsMember?: number
  /** Default `GPL`. */
  readonly license?: string
  /** `BPF_F_STRICT_ALIGNMENT` 1, `BPF_F_ANY_ALIGNMENT` 2, `BPF_F_TEST_RND_HI32` 4, `BPF_F_TEST_STATE_FREQ` 8, `BPF_F_SLEEPABLE` 16, `BPF_F_XDP_HAS_FRAGS` 32. */
  readonly flags?: number
  /** With all of CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN and CAP_SYS_ADMIN (default), or with none of them. */
  readonly privileged?: boolean
  /**
   * False takes CAP_PERFMON from a privileged program: it must not see the kernel's addresses, nor what is left on its stack. What it returns and writes
   * then depends on its input alone. The ways that a processor could take by guessing wrong are not walked, as with `mitigations=off`.
   */
  readonly perfmon?: boolean
  /** Maps by the descriptor that instructions hold. */
  readonly maps?: ReadonlyMap<number, VerifierMap>
  /** Types by the descriptor that instructions hold: those of modules. */
  readonly modules?: ReadonlyMap<number, Btf>
  /** Descriptors that instructions name by index: of maps, and of the modules of kernel functions. */
  readonly fdArray?: readonly number[]
  /** The program's own types. */
  readonly btf?: Btf
  /** By slot, rising. */
  readonly funcInfo?: readonly BtfFuncInfo[]
  /** By slot, rising. */
  readonly lineInfo?: readonly BtfLineInfo[]
  /** The kernel's types; without them there are no typed pointers and no kernel functions. */
  readonly kernelBtf?: Btf
  /** Whose rules hold; default {@link NEWEST_KERNEL}. */
  readonly kernel?: KernelVersion
  /** CPUs that the machine may have, at most: the numbers of them are below it. Default 128. */
  readonly cpus?: number
  /** 0: none; 1: what happened on the way to a refusal; 2: every instruction with its state; +4: counts. Default 1. */
  readonly logLevel?: number
  /** Characters of the log that are kept, the last ones; default 16 Mi. */
  readonly logSize?: number
}
