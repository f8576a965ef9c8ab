/**
 * A counter whose running on makes a program run. By name, as `perf list` has it: `cpu-clock`, `page-faults`, `cycles`, `L1-dcache-load-misses`,
 * `r01c2` (raw, in hexadecimal). Or by its numbers; or an address that is watched.
 */
export type PerfEventName = PerfHardwareName | PerfSoftwareName | (string & {}) | PerfCounter | Breakpoint

/** Counters of the processor that Linux has a name for (`enum perf_hw_id`). */
export type PerfHardwareName =
  | "cpu-cycles"
  | "cycles"
  | "instructions"
  | "cache-references"
  | "cache-misses"
  | "branch-instructions"
  | "branches"
  | "branch-misses"
  | "bus-cycles"
  | "stalled-cycles-frontend"
  | "stalled-cycles-backend"
  | "ref-cycles"

/** Counters that the kernel keeps by itself (`enum perf_sw_ids`). */
export type PerfSoftwareName =
  | "cpu-clock"
  | "task-clock"
  | "page-faults"
  | "faults"
  | "context-switches"
  | "cs"
  | "cpu-migrations"
  | "migrations"
  | "minor-faults"
  | "major-faults"
  | "alignment-faults"
  | "emulation-faults"
  | "dummy"
  | "bpf-output"
  | "cgroup-switches"

/** A counter as `struct perf_event_attr` names it. */
export interface PerfCounter {
  /** Number of the kind, or its name: one of the usual ones, or a PMU of /sys/bus/event_source/devices. */
  readonly type: "hardware" | "software" | "cache" | "raw" | (string & {}) | number
  /** Which counter of the kind: `perf_event_attr.config`. */
  readonly config: number | bigint
  /** `perf_event_attr.config1`, which some kinds need. */
  readonly config1?: number | bigint
  /** `perf_event_attr.config2`, which some kinds need. */
  readonly config2?: number | bigint
}

/** An address that the processor watches. */
export interface Breakpoint {
  /** The address. */
  readonly breakpoint: number | bigint
  /** What is watched for: reading, writing, both, execution. Writing without it. */
  readonly access?: "r" | "w" | "rw" | "x"
  /** Bytes that are watched; 4 without it, 8 for execution. */
  readonly length?: 1 | 2 | 4 | 8
}

/** A counter, and how often and for whom a program runs at it. */
export interface PerfEventTarget {
  readonly kind: "perf_event"
  /** The counter. */
  readonly event: PerfEventName
  /** The program runs each time the counter has gone on by so much; a clock counts nanoseconds. */
  readonly period?: number | bigint
  /** Or so many times a second: the kernel finds the period. */
  readonly frequency?: number
  /** Only while this process runs: all its threads, and those it makes later. */
  readonly pid?: number
  /** Only on this CPU. */
  readonly cpu?: number
  /** Only for processes of this group: path of its folder in the cgroup file system. */
  readonly cgroup?: string
  /** Descriptor of the event that leads the group which this one joins. */
  readonly group?: number
  /** What the program reads by `bpf_get_attach_cookie`. Linux 5.15. */
  readonly cookie?: bigint | number
}
