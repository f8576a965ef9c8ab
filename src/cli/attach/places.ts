import type { BPF, Link } from "../../bpf/index.ts"

/** A kind of place that `--attach` takes. */
export interface Place {
  /** How it is written, and what it does: rows of the help, which `docs/cli.md` has, too. */
  readonly forms: readonly (readonly [form: string, about: string])[]
  /**
   * Attaches the function `fn` to what stands between the kind and `=FN`. Throws UsageError where that is no such place. Kinds without it are
   * looked at elsewhere: static probes when the program is compiled, iterators when they are read.
   */
  readonly attach?: (bpf: BPF, event: string, fn: string) => Link
  /** Takes no function: the place says all. */
  readonly alone?: boolean
}

export type Places = Readonly<Record<string, Place>>
