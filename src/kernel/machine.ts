import { SkepError } from "../base/index.ts"
import type { Btf } from "../btf/index.ts"
import type { Loaded, LoadOptions, Machine, Network, TraceOptions, TraceReader } from "../machine/index.ts"
import type { BpfObject } from "../object/index.ts"
import { vmlinuxTypes } from "./host/index.ts"
import { KernelLoaded } from "./load.ts"
import { KernelNetwork } from "./network/network.ts"
import type { FunctionNames, KernelOptions } from "./options.ts"
import { TracePipe } from "./tracePipe.ts"

/** This computer's kernel. */
export class KernelMachine implements Machine {
  readonly name = "kernel"
  readonly network: Network = new KernelNetwork()
  readonly #options: KernelOptions

  constructor(options: { readonly functions: FunctionNames; readonly kernelBtf?: () => Btf }) {
    this.#options = { functions: options.functions, kernelBtf: options.kernelBtf ?? runningBtf }
  }

  load(object: BpfObject, options: LoadOptions = {}): Loaded {
    return new KernelLoaded(object, options, this.#options)
  }

  trace(options: TraceOptions = {}): TraceReader {
    return new TracePipe(options)
  }
}

let running: Btf | undefined

/** The running kernel's own types, read once. Throws `KERNEL_NO_BTF`. */
export function runningBtf(): Btf {
  if (running !== undefined) return running
  try {
    running = vmlinuxTypes()
  } catch (cause) {
    if (cause instanceof SkepError) throw cause
    throw new SkepError({
      code: "KERNEL_NO_BTF",
      message: "the kernel does not tell its types: /sys/kernel/btf/vmlinux cannot be read",
      why: "it was built without CONFIG_DEBUG_INFO_BTF (Linux 5.4)",
      hint: "define the kernel structs that the program uses in the program itself, or use a distribution's kernel",
      missing: { feature: "BTF of the kernel", minKernel: "5.4" },
      cause,
    })
  }
  return running
}
