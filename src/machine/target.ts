import type { AttachSpec } from "../object/index.ts"
import type { CgroupHook, SockmapHook } from "./cgroupHooks.ts"
import type { IterTarget } from "./iterator.ts"
import type { LoadedMap } from "./map.ts"
import type { NetworkTarget } from "./network.ts"
import type { PerfEventTarget } from "./perfEvent.ts"

/** Where to attach a program: what an object says, and what only the caller knows. */
export type AttachTarget =
  | KprobeTarget
  | KprobeMultiTarget
  | UprobeTarget
  | UsdtTarget
  | TracepointMultiTarget
  | CgroupTarget
  | SockmapTarget
  | OperationsTarget
  | PerfEventTarget
  | IterTarget
  | NetworkTarget
  | (Exclude<AttachSpec, { readonly kind: OwnTarget }> & Cookie)

/** Kinds of places of which the caller can say more than an object. */
type OwnTarget = "kprobe" | "kretprobe" | "kprobe_multi" | "kretprobe_multi" | "uprobe" | "uretprobe" | "usdt" | "iter"

/** What tells a program at which of its places it runs. */
interface Cookie {
  /** A number that the program reads by `bpf_get_attach_cookie`. Linux 5.15; typed tracing 5.19, raw tracepoints 6.10. */
  readonly cookie?: bigint | number
}

/** The kinds of places, by the names that link listings use. */
export type AttachKind = AttachTarget["kind"]

/** The target of a kind. */
export type TargetOf<K extends AttachKind> = Extract<AttachTarget, { readonly kind: K }>

/** A function of the kernel: at its entry, or with `kretprobe` at its return. */
export type KprobeTarget = Extract<AttachSpec, { readonly kind: "kprobe" | "kretprobe" }> &
  Cookie & {
    /** Where the function is, in place of its name. */
    readonly address?: bigint
    /** Calls of the function that can be under way at once, for a kretprobe; the kernel chooses when it is missing. */
    readonly maxActive?: number
  }

/** Functions of a program or a library: at their entry, or with `uretprobe` at their return. */
export interface UprobeTarget {
  readonly kind: "uprobe" | "uretprobe"
  /** Path of the file, or the name of a library (`c`, `libssl`) or program; as the process `pid` sees it, where there is one. */
  readonly path: string
  /** The function, `NAME@VERSION` for one of several versions; or all whose names match. */
  readonly event?: string | RegExp
  /** In place of a name: an address as `nm` and `objdump` show it. */
  readonly address?: number
  /** Bytes into the function. */
  readonly offset?: number
  /** The process to trace; all that run the file without it. */
  readonly pid?: number
  /** A number that the program reads by `bpf_get_attach_cookie`. Linux 5.15. */
  readonly cookie?: bigint
}

/** A static probe of a program or a library: everywhere the compiler put it. */
export interface UsdtTarget {
  readonly kind: "usdt"
  /** Path of the file; as the process `pid` sees it, where there is one. */
  readonly path: string
  /** "" for a probe whose name alone says which it is. */
  readonly provider: string
  /** The probe's name. */
  readonly event: string
  /** The process to trace; all without it. */
  readonly pid?: number
  /** A number that the program reads by `bpf_usdt_cookie`. */
  readonly cookie?: bigint
  /**
   * The ways in which places have their arguments, in the order in which the program tells them apart: it reads the number of its own by
   * `bpf_get_attach_cookie`. For programs whose text reads the arguments by itself.
   */
  readonly layouts?: readonly string[]
}

/** Told how far attaching to many places has come. */
export type AttachProgress = (done: number, total: number) => void

/** Many functions of the kernel: at their entries, or with `kretprobe_multi` at their returns. */
export interface KprobeMultiTarget {
  readonly kind: "kprobe_multi" | "kretprobe_multi"
  /** For people, and where there are no `functions`, which ones: a pattern with `*` and `?`. */
  readonly event: string
  /** Names, and addresses of those whose name is not theirs alone. */
  readonly functions?: readonly (string | bigint)[]
  /** One for each function. Linux 5.15. */
  readonly cookies?: readonly (bigint | number)[]
  /** Called now and then where there are more than 100 functions and each is attached to by itself. */
  readonly onProgress?: AttachProgress
}

/** Many tracepoints, each as `category:event`. */
export interface TracepointMultiTarget {
  readonly kind: "tracepoint_multi"
  /** For people: what the tracepoints were chosen by. */
  readonly event: string
  /** Each as `category:event`. */
  readonly events: readonly string[]
  /** One for each tracepoint. Linux 5.15. */
  readonly cookies?: readonly (bigint | number)[]
  /** Called now and then where there are more than 100. */
  readonly onProgress?: AttachProgress
}

/** A control group (cgroup2): the program runs for its processes and those of the groups below. */
export interface CgroupTarget {
  readonly kind: "cgroup"
  /** Its folder: `/sys/fs/cgroup/system.slice`. */
  readonly path: string
  /** Where in the group's life; what the program was loaded for without it. */
  readonly hook?: CgroupHook
  /**
   * Beside which other programs. `link`, the default, and `multi`: programs of this group and of those below all run. `override`: a group below may
   * have one that runs in its place. `exclusive`: groups below can have none. A link (Linux 5.7) is always the first; the others stay attached until they are
   * detached, which skep does when the process ends.
   */
  readonly mode?: "link" | "multi" | "override" | "exclusive"
}

/** A map of sockets (`sockmap`, `sockhash`): the program runs for what goes through its sockets. */
export interface SockmapTarget {
  readonly kind: "sockmap"
  /** The map. */
  readonly map: LoadedMap
  /** Where in a socket's life; what the program was loaded for without it. */
  readonly hook?: SockmapHook
}

/** A table of operations that the kernel calls, by the name of its map. */
export interface OperationsTarget {
  readonly kind: "struct_ops"
  /** Name of the map. */
  readonly map: string
}
