import type { AttachSpec } from "../object/index.ts"

/** Where to attach a program: what an object says, and what only the caller knows. */
export type AttachTarget = KprobeTarget | Exclude<AttachSpec, { readonly kind: "kprobe" | "kretprobe" }>

/** The kinds of places, by the names that link listings use. */
export type AttachKind = AttachTarget["kind"]

/** The target of a kind. */
export type TargetOf<K extends AttachKind> = Extract<AttachTarget, { readonly kind: K }>

/** A function of the kernel: at its entry, or with `kretprobe` at its return. */
export type KprobeTarget = Extract<AttachSpec, { readonly kind: "kprobe" | "kretprobe" }> & {
  /** Bytes into the function, for a kprobe. */
  readonly offset?: number
  /** Calls of the function that can be under way at once, for a kretprobe; the kernel chooses when it is missing. */
  readonly maxActive?: number
}
