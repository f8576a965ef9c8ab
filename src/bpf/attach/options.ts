import type { AttachProgress, IterScope, PerfEventTarget } from "../../machine/index.ts"

/** What attachments to the kernel's own places share. */
interface Attachment {
  /** Function of the program. */
  readonly fn: string
  /** A number that the program reads by `bpf_get_attach_cookie`. Linux 5.15; fentry and its like 5.19, raw tracepoints 6.10. */
  readonly cookie?: bigint | number
}

/** What attachments to many places share. */
interface Many {
  /**
   * The places, by a regular expression. A text has to match the whole name, as in BCC; a RegExp is searched for in the name.
   */
  readonly eventRe?: string | RegExp
  /** Told how far it has come, where there are more than 100 places and each is attached to by itself. */
  readonly onProgress?: AttachProgress
}

/** Takes one of `event`, `eventRe` and `address`. */
export interface KprobeOptions extends Attachment, Many {
  /** Function of the kernel: `do_sys_openat2`, `b.syscallName("clone")`. */
  readonly event?: string
  /** Address of the function or of an instruction in it. */
  readonly address?: bigint
  /** Bytes into the kernel's function. */
  readonly offset?: number
}

/** Takes one of `event`, `eventRe` and `address`. */
export interface KretprobeOptions extends Attachment, Many {
  /** Function of the kernel. */
  readonly event?: string
  /** Address of the function. */
  readonly address?: bigint
  /** Calls that can be under way at once; the kernel chooses without it. */
  readonly maxactive?: number
}

/** Takes one of `event` and `eventRe`, which is compared with `category:event`. */
export interface TracepointOptions extends Attachment, Many {
  /** `category:event`, as in `perf list`: `sched:sched_switch`. */
  readonly event?: `${string}:${string}`
}

/** Takes the tracepoint by its name alone: a raw one has the arguments that the kernel's own code gives it. */
export interface RawTracepointOptions extends Attachment {
  /** The tracepoint without its category: `sched_switch`. */
  readonly event: string
}

/** For programs that are bound to their place when they are loaded. */
export interface TypedOptions extends Attachment {
  /** The function, hook or tracepoint, where the function's own name or section does not say it. */
  readonly event?: string
  /** The module that has the function. */
  readonly module?: string
}

/** Takes one of `period` and `frequency`; a breakpoint needs neither. */
export interface PerfEventOptions extends Omit<PerfEventTarget, "kind"> {
  /** Function of the program. */
  readonly fn: string
}

/** What an iterator visits; without any, all there is. */
export type IterOptions = IterScope
