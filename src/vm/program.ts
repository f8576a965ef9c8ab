import { SkepError } from "../base/index.ts"
import { encodeInsns } from "../isa/index.ts"
import type {
  AttachTarget,
  IterOutput,
  IterScope,
  Link,
  LoadedProgram,
  MachineCode,
  MachineSymbols,
  ProgramInfo,
  TestRunInput,
  TestRunResult,
} from "../machine/index.ts"
import type { ProgramSpec, ProgramType } from "../object/index.ts"
import type { Code, CodeImage } from "./code.ts"
import { explainFault } from "./explainFault.ts"
import { VmIteration } from "./iterate/iterate.ts"
import type { Sequence } from "./iterate/sequence.ts"
import { VmLink } from "./link.ts"
import type { VmContext } from "./machine.ts"
import { describeTarget, noPlace } from "./places.ts"
import type { Run, Runnable } from "./run.ts"
import { testRun } from "./trial/testRun.ts"

/** How a program is run at a place. */
export interface RunAt {
  /** The CPU; that of the environment without it. */
  readonly cpu?: number
  /** What `bpf_get_attach_cookie` gives. */
  readonly cookie?: bigint
  /** What `bpf_get_func_ip` gives. */
  readonly functionAddress?: bigint
  /** Where an iterator's output goes. */
  readonly sequence?: Sequence
}

/** What a program needs of the object that it belongs to. */
export interface VmOwner {
  readonly links: Set<Link>
}

/** What a program is made of. */
export interface ProgramParts {
  readonly spec: ProgramSpec
  readonly type: ProgramType
  readonly image: CodeImage
  readonly code: Code
  readonly slots: number
  readonly log: string
  readonly license: string
  readonly owner: VmOwner
  readonly exceptionSlot: number | undefined
  /** Instructions that the verifier went through; 0 where it did not. */
  readonly verified: number
  /** Handles of the maps that it uses. */
  readonly maps: readonly number[]
}

/** A program of the embedded machine. */
export class VmProgram implements LoadedProgram {
  readonly name: string
  readonly type: ProgramType
  readonly spec: ProgramSpec
  readonly slots: number
  readonly log: string
  readonly context: VmContext
  /** What runs: it is what a handle leads to. */
  readonly runnable: Runnable
  readonly #parts: ProgramParts
  readonly #handle: number
  readonly #loadTime: number
  #open = true
  #runs = 0

  constructor(parts: ProgramParts, context: VmContext) {
    this.name = parts.spec.name
    this.type = parts.type
    this.spec = parts.spec
    this.slots = parts.slots
    this.log = parts.log
    this.context = context
    this.#parts = parts
    this.runnable = {
      kind: "program",
      name: this.name,
      type: this.type,
      code: parts.code,
      exceptionSlot: parts.exceptionSlot,
    }
    this.#handle = context.core.open(this.runnable)
    this.#loadTime = context.core.environment.now()
  }

  get fd(): number {
    if (!this.#open) {
      throw new SkepError({
        code: "MACHINE_CLOSED",
        message: `program ${this.name} has been closed`,
        hint: "use the program before its object is disposed",
      })
    }
    return this.#handle
  }

  get symbols(): MachineSymbols | undefined {
    return this.context.core.environment.symbols
  }

  get info(): ProgramInfo {
    const { image, license, verified, maps } = this.#parts
    return {
      id: this.fd,
      name: this.name.slice(0, 15),
      tag: tagOf(encodeInsns(image.insns)),
      loadTime: this.#loadTime,
      uid: 0,
      mapIds: maps,
      gplCompatible: /^(GPL|GPL v2|GPL and additional rights|Dual (BSD|MIT|MPL)\/GPL)$/.test(license),
      btfId: 0,
      xlatedSize: this.slots * 8,
      jitedSize: 0,
      runTime: 0,
      runCount: this.#runs,
      recursionMisses: 0,
      verifiedInstructions: verified,
    }
  }

  code(form: "xlated" | "jited"): Uint8Array {
    void this.fd
    if (form === "xlated") return encodeInsns(this.#parts.image.insns)
    throw this.#noMachineCode()
  }

  machineCode(): readonly MachineCode[] {
    throw this.#noMachineCode()
  }

  #noMachineCode(): SkepError {
    return new SkepError({
      code: "VM_UNSUPPORTED",
      message: `program ${this.name} has no machine code: the embedded machine runs it as WebAssembly or interprets it`,
      hint: 'look at code("xlated")',
    })
  }

  pin(): void {
    throw new SkepError({
      code: "VM_NO_PIN",
      message: `program ${this.name} cannot be pinned: the embedded machine has no BPF file system`,
      hint: "keep the object that it belongs to",
    })
  }

  /**
   * Runs the program once on a context in the machine's memory: r0 as two words, the low one first.
   * @throws SkepError VM_ACCESS, VM_BUDGET, …
   */
  run(address: number, at: RunAt = {}): readonly [low: number, high: number] {
    const { core } = this.context
    const run = core.takeRun()
    run.cpu = at.cpu ?? core.environment.cpu()
    run.cookie = at.cookie ?? 0n
    run.functionAddress = at.functionAddress ?? 0n
    run.retval = 0
    run.socketOptions = undefined
    run.sequence = at.sequence
    run.packet = undefined
    try {
      const low = run.start(this.runnable, address)
      return [low, run.high]
    } catch (error) {
      throw explainFault(error)
    } finally {
      core.giveRun(run)
    }
  }

  /** Calls `body` with a run of which it says the rest. @throws SkepError VM_ACCESS, VM_BUDGET, … */
  within<T>(body: (run: Run) => T): T {
    const { core } = this.context
    const run = core.takeRun()
    run.cpu = core.environment.cpu()
    run.retval = 0
    run.socketOptions = undefined
    try {
      return body(run)
    } catch (error) {
      throw explainFault(error)
    } finally {
      core.giveRun(run)
    }
  }

  testRun(input: TestRunInput = {}): TestRunResult {
    void this.fd
    this.#runs += input.repeat ?? 1
    return testRun(this, input)
  }

  attach(target: AttachTarget | undefined = this.spec.attach): Link {
    void this.fd
    if (target === undefined) {
      throw new SkepError({
        code: "MACHINE_NO_TARGET",
        message: `nothing says where to attach program ${this.name}`,
        hint: "name it after its place (kprobe__do_sys_openat2), or give attach() a target",
      })
    }
    const { network, places } = this.context
    const placed = network.attach(this, target) ?? places?.attach(this, target)
    if (placed === undefined) {
      const what = `attaching ${this.name} to ${describeTarget(target)}`
      throw this.context.refusal?.(what, this.type) ?? noPlace(this.name, target)
    }
    const { links } = this.#parts.owner
    const link = new VmLink(this, target, placed, ended => links.delete(ended))
    links.add(link)
    return link
  }

  iterate(scope: IterScope = {}): IterOutput {
    void this.fd
    const { attach } = this.spec
    if (attach?.kind === "iter") {
      const refused = this.context.refusal?.(`iterating with ${this.name}`, this.type)
      if (refused !== undefined) throw refused
      return new VmIteration(this, attach.event, scope)
    }
    throw new SkepError({
      code: "KERNEL_ATTACH_TYPE",
      message: `program ${this.name} is no iterator`,
      hint: 'an iterator is marked SEC("iter/task") or, in BCC\'s dialect, BPF_ITER(task)',
    })
  }

  [Symbol.dispose](): void {
    if (!this.#open) return
    this.#open = false
    this.context.core.close(this.#handle)
  }
}

/** 16 hexadecimal digits of the instructions: FNV-1a. */
function tagOf(bytes: Uint8Array): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash.toString(16).padStart(16, "0")
}
