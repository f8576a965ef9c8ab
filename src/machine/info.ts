/** What a machine tells of a loaded program. Source: Linux include/uapi/linux/bpf.h, `struct bpf_prog_info` (Linux 4.13). */
export interface ProgramInfo {
  /** The machine's number of the program, as `bpftool prog` shows it. */
  readonly id: number
  /** At most 15 bytes: the kernel cuts longer names. */
  readonly name: string
  /** 16 hexadecimal digits that depend on the instructions only. */
  readonly tag: string
  /** When it was loaded, in nanoseconds since boot. */
  readonly loadTime: number
  /** User who loaded it. */
  readonly uid: number
  /** Numbers of the maps that it uses. */
  readonly mapIds: readonly number[]
  /** Whether its licence lets it call helpers that are for GPL programs only. */
  readonly gplCompatible: boolean
  /** Number of its type information; 0 without. */
  readonly btfId: number
  /** Bytes of its instructions as the verifier left them; 0 where the machine does not tell this process. */
  readonly xlatedSize: number
  /** Bytes of machine code; 0 where it is interpreted. */
  readonly jitedSize: number
  /** Nanoseconds spent in it and runs counted while statistics were on (Linux 5.1, see `countRuns`). */
  readonly runTime: number
  /** Runs that were counted. */
  readonly runCount: number
  /** Runs that did not happen because the program ran already on that CPU (Linux 5.12). */
  readonly recursionMisses: number
  /** Instructions that the verifier went through (Linux 5.16). */
  readonly verifiedInstructions: number
}

/** What a kind of link tells of its place. */
export type LinkDetails =
  | { readonly type: "raw_tracepoint"; readonly tracepoint: string }
  | {
      readonly type: "tracing"
      readonly attachType: string
      /** Number of the target's type information or program, and of the function in it. */
      readonly targetObjectId: number
      readonly targetTypeId: number
    }
  | { readonly type: "cgroup"; readonly cgroupId: bigint; readonly attachType: string }
  | { readonly type: "iter"; readonly target: string }
  | { readonly type: "netns"; readonly inode: number; readonly attachType: string }
  | { readonly type: "xdp"; readonly ifindex: number }
  | { readonly type: "tcx" | "netkit"; readonly ifindex: number; readonly attachType: string }
  | { readonly type: "struct_ops"; readonly mapId: number }
  | { readonly type: "sockmap"; readonly mapId: number; readonly attachType: string }
  | {
      readonly type: "netfilter"
      readonly family: number
      readonly hook: number
      readonly priority: number
      readonly flags: number
    }
  | {
      readonly type: "perf_event"
      readonly event: "unknown" | "uprobe" | "uretprobe" | "kprobe" | "kretprobe" | "tracepoint" | "event"
    }
  | { readonly type: "kprobe_multi"; readonly count: number }
  | { readonly type: "uprobe_multi"; readonly count: number; readonly pid: number }
  /** A kind that came after this version of skep, by its number in `enum bpf_link_type`. */
  | { readonly type: "other"; readonly number: number }

/** What a machine tells of a link. Source: `struct bpf_link_info` (Linux 5.8). */
export type LinkInfo = LinkDetails & {
  /** The machine's number of the link, as `bpftool link` shows it. */
  readonly id: number
  /** Number of its program; 0 for a table of operations. */
  readonly programId: number
}
