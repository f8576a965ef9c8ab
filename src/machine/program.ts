import type { ProgramSpec, ProgramType } from "../object/index.ts"
import type { LinkInfo, ProgramInfo } from "./info.ts"
import type { IterOutput, IterScope } from "./iterator.ts"
import type { MachineSymbols } from "./symbols.ts"
import type { AttachTarget } from "./target.ts"

/** Input of a trial run. Which parts a program takes depends on its type: packets take data, tracing programs a context. */
export interface TestRunInput {
  /** The packet. At least 14 bytes for network programs. */
  readonly data?: Uint8Array
  /** The program's context in its user-space form (`struct __sk_buff`, `struct xdp_md`, raw tracepoint arguments). */
  readonly context?: Uint8Array
  /** Runs in one call; `duration` is their average. */
  readonly repeat?: number
  /** Room for the packet the program leaves, in bytes; the input's length and 256 without it. */
  readonly dataRoom?: number
  /** CPU to run on, for raw tracepoint programs. */
  readonly cpu?: number
}

/** What a trial run gave. */
export interface TestRunResult {
  /** r0 at the exit, as unsigned 32 bits. */
  readonly retval: number
  /** Average of one run, in nanoseconds. */
  readonly duration: number
  /** The packet the program left; empty where the type has none. */
  readonly data: Uint8Array
  /** The context the program left; empty where the type has none. */
  readonly context: Uint8Array
}

/**
 * An attachment. Disposing it detaches, unless it is pinned: what is pinned stays in force until its pin is removed, and `detach` removes the pins
 * that were made through this link.
 */
export interface Link extends Disposable {
  /** The program that runs there. */
  readonly program: LoadedProgram
  /** The place, as it was asked for. */
  readonly target: AttachTarget
  /** The target for people: `kprobe do_exit+8`, `tracepoint sched:sched_switch`. */
  readonly place: string
  /** How it was made, for people: `perf kprobe`, `tracefs kprobe`, `tracepoint`, … */
  readonly method: string
  /** False once it was detached. */
  readonly attached: boolean
  /**
   * What the machine tells of the link; undefined where the attachment is none (a perf event, a netlink filter). Linux 5.8.
   * @throws SkepError MACHINE_CLOSED
   */
  readonly info: LinkInfo | undefined
  /** Ends the attachment, and removes its pins. Once is enough: later calls do nothing. */
  detach(): void
  /**
   * Puts another program of the same type in the place of this one, in one step: no event is missed between them. Only kinds that the kernel can
   * update (cgroup, XDP, tcx, network namespaces, tables of operations; Linux 5.7). The link does not own the program: it must stay loaded.
   * @throws SkepError KERNEL_LINK_UPDATE, KERNEL_NO_PERMISSION, MACHINE_CLOSED
   */
  update(program: LoadedProgram): void
  /**
   * Makes the attachment outlive this process under a path of the BPF file system (Linux 5.7).
   * @throws SkepError KERNEL_PIN, KERNEL_NO_LINK, MACHINE_CLOSED
   */
  pin(path: string): void
}

/** Machine code of a program or of a subprogram. */
export interface MachineCode {
  /** Where it is in the machine's memory. */
  readonly address: bigint
  /** The code itself. */
  readonly bytes: Uint8Array
}

/** A program of a machine, checked by its verifier and ready to run. */
export interface LoadedProgram extends Disposable {
  /** The function's name in the program. */
  readonly name: string
  /** What it was loaded as. */
  readonly type: ProgramType
  /** What the object says of it. */
  readonly spec: ProgramSpec
  /** Names of what is traced; this computer's kernel and processes without it. */
  readonly symbols?: MachineSymbols
  /** File descriptor in the kernel, a handle in the embedded machine: what a program array takes as value. */
  readonly fd: number
  /** Instructions as loaded, in slots of 8 bytes, subprograms included. */
  readonly slots: number
  /** The verifier's log, when the load asked for one; empty otherwise. */
  readonly log: string
  /** What the machine tells of the program now. @throws SkepError MACHINE_CLOSED */
  readonly info: ProgramInfo
  /**
   * Makes the program outlive this process under a path of the BPF file system, where `openPinnedProgram` finds it.
   * @throws SkepError KERNEL_PIN, MACHINE_CLOSED
   */
  pin(path: string): void
  /**
   * The code as the machine has it: `xlated`, the instructions that the verifier left, 8 bytes a slot; `jited`, machine code. Linux 4.13.
   * @throws SkepError KERNEL_NO_CODE, MACHINE_CLOSED
   */
  code(form: "xlated" | "jited"): Uint8Array
  /**
   * The machine code with the addresses it has, a part for the program and one for each of its subprograms. Linux 4.18.
   * @throws SkepError KERNEL_NO_CODE, MACHINE_CLOSED
   */
  machineCode(): readonly MachineCode[]
  /** Runs the program once, or `repeat` times, without attaching it. Throws `MACHINE_NO_TEST_RUN` where its type cannot. */
  testRun(input?: TestRunInput): TestRunResult
  /** Attaches; without a target, to where the object says. */
  attach(target?: AttachTarget): Link
  /** Starts a run of an iterator (Linux 5.8). Throws `KERNEL_ITERATOR`, `KERNEL_ATTACH_TYPE`. */
  iterate(scope?: IterScope): IterOutput
}
