import type { SkepError } from "../base/index.ts"
import type { Btf } from "../btf/index.ts"
import type { Loaded, LoadOptions, Machine, MachineSymbols, TraceOptions, TraceReader } from "../machine/index.ts"
import type { BpfObject, ProgramType } from "../object/index.ts"
import type { Translate } from "./code.ts"
import { Core } from "./core.ts"
import type { Coverage } from "./coverage.ts"
import { type Environment, FixedEnvironment } from "./environment.ts"
import { interpret } from "./interpreter/interpreter.ts"
import { canCompile, compileOrInterpret } from "./jit/jit.ts"
import { VmLoaded } from "./load.ts"
import { Memory } from "./memory.ts"
import { VmNetwork } from "./network/network.ts"
import type { Places } from "./places.ts"
import { VmTraceReader } from "./trace.ts"

/** What an embedded machine is made with. */
export interface VirtualMachineOptions {
  /** The world around programs; a quiet one without it ({@link FixedEnvironment}). */
  readonly environment?: Environment
  /** Types of the kernel that the machine stands for: CO-RE and the verifier look things up in them. Read when first needed. */
  readonly types?: () => Btf
  /** Where programs can be attached; nowhere without it. */
  readonly places?: Places
  /** The memory, where something is in it already; a new one without it. */
  readonly memory?: Memory
  /** Most bytes of memory, at most 2 GiB; 1 GiB without it. */
  readonly memoryLimit?: number
  /** Instructions that one run may make; 2^30 without it. */
  readonly budget?: number
  /** False interprets programs: slower, with every access checked. True without it, where there is WebAssembly. */
  readonly jit?: boolean
  /** Counts how often lines of C run; programs are interpreted then. */
  readonly coverage?: Coverage
  /** False loads programs that nobody has checked: they cannot leave the machine's memory. True without it. */
  readonly verify?: boolean
  /** The kernel whose behaviour is followed; 6.18 without it. */
  readonly version?: { readonly major: number; readonly minor: number }
  /**
   * The error for what only this computer's kernel has (places, devices, pins), where the machine stands for one that this process may not use. Without it
   * the error says that the embedded machine has no such thing.
   */
  readonly refusal?: Refusal
}

/** Why something is not done: `what` is a phrase like "attaching f to xdp eth0". */
export type Refusal = (what: string, type?: ProgramType) => SkepError

/** What programs and objects need of their machine. */
export interface VmContext {
  readonly core: Core
  readonly types: (() => Btf) | undefined
  readonly places: Places | undefined
  readonly network: VmNetwork
  readonly translate: Translate
  readonly verify: boolean
  readonly coverage: Coverage | undefined
  readonly version: { readonly major: number; readonly minor: number }
  readonly refusal: Refusal | undefined
}

/** WebAssembly; the interpreter for programs whose typed pointers may lead to memory of the environment, which is not the machine's. */
const fastest =
  ({ foreign }: Environment): Translate =>
  image =>
    foreign !== undefined && image.probes.includes(1) ? interpret(image) : compileOrInterpret(image)

/** The embedded machine: runs programs where there is no Linux kernel, or no right to use it. All it holds is memory of this process. */
export class VirtualMachine implements Machine {
  readonly name = "vm"
  readonly network: VmNetwork
  /** What programs run in: memory, environment, output. */
  readonly core: Core
  readonly #context: VmContext

  constructor(options: VirtualMachineOptions = {}) {
    const { environment = new FixedEnvironment(), memoryLimit, budget = 2 ** 30, jit = true } = options
    this.core = new Core(
      options.memory ?? new Memory({ limit: memoryLimit }),
      environment,
      Math.min(budget, 2 ** 31 - 1),
      options.refusal,
    )
    this.network = new VmNetwork(this.core, options.refusal)
    this.#context = {
      core: this.core,
      types: options.types,
      places: options.places,
      network: this.network,
      translate: jit && options.coverage === undefined && canCompile() ? fastest(environment) : interpret,
      coverage: options.coverage,
      verify: options.verify ?? true,
      version: options.version ?? { major: 6, minor: 18 },
      refusal: options.refusal,
    }
  }

  get symbols(): MachineSymbols | undefined {
    return this.core.environment.symbols
  }

  load(object: BpfObject, options: LoadOptions = {}): Loaded {
    return new VmLoaded(object, options, this.#context)
  }

  trace(options: TraceOptions = {}): TraceReader {
    return new VmTraceReader(this.core.trace, options)
  }
}
