import type { AttachTarget, LoadedProgram } from "../../machine/index.ts"
import type { ProgramType } from "../../object/index.ts"
import type { KernelProgram, ProgramOwner } from "../program.ts"
import { closeFd } from "../raw/index.ts"

/** How programs are attached to places of one kind. */
export interface Attacher<T extends AttachTarget> {
  /** Types of programs that such a place takes; none where the kernel has no way. */
  readonly types: readonly ProgramType[]
  /** The place for people, behind its kind: `do_exit+8`. */
  text(target: T): string
  /** Attaches, or throws what the kernel says against it. */
  open(target: T, request: AttachRequest): Attached
}

export interface AttachRequest {
  readonly program: KernelProgram
  readonly owner: ProgramOwner
  /** What is being done, for messages: `attaching count to kprobe do_exit`. */
  readonly what: string
}

/** A program in its place. */
export interface Attached {
  /** How, for people: `perf kprobe`. */
  readonly method: string
  /** Descriptor of the bpf_link, where the attachment is one: it can be asked, pinned, and perhaps updated. */
  readonly linkFd?: number
  /** Puts another program in the place of the one that is there, where the attachment is no bpf_link and can do so all the same. */
  update?(program: LoadedProgram): void
  /** Undoes it. */
  close(): void
}

/** An attachment that lasts as long as a descriptor. */
export const byDescriptor = (method: string, fd: number): Attached => ({ method, close: () => closeFd(fd) })

/** An attachment that is a bpf_link, by its descriptor. */
export const byLink = (method: string, fd: number): Attached => ({ ...byDescriptor(method, fd), linkFd: fd })

/** An attachment to an event of perf: by a link where a cookie goes with it. */
export const byEvent = (method: string, fd: number, cookie: unknown): Attached =>
  cookie === undefined ? byDescriptor(method, fd) : byLink(method, fd)
