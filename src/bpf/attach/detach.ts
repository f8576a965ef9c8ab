import type { AttachKind, AttachTarget, Link } from "../../machine/index.ts"

/** Which attachments end; all conditions that are given have to hold. */
export interface DetachOptions {
  /** The kind of place: `kprobe`, `kretprobe`, `tracepoint`, `uprobe`, `perf_event`, `xdp`, … */
  readonly kind?: AttachKind
  /** The place as `link.target.event` has it: the function of the kernel, `category:event` of a tracepoint, the symbol of a program. */
  readonly event?: string
  /** Function of the program that runs there. */
  readonly fn?: string
}

/** The event of a target as it is named when it is attached to. */
function eventOf(target: AttachTarget): string | undefined {
  if (target.kind === "tracepoint") return `${target.category}:${target.event}`
  return "event" in target && typeof target.event === "string" ? target.event : undefined
}

/** The links that the options mean. */
export function linksThat(links: Iterable<Link>, { kind, event, fn }: DetachOptions): Link[] {
  return [...links].filter(
    ({ target, program }) =>
      (kind === undefined || target.kind === kind) &&
      (event === undefined || eventOf(target) === event) &&
      (fn === undefined || program.name === fn),
  )
}
