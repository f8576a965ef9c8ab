import { KernelMachine } from "../kernel/index.ts"
import type { Machine } from "../machine/index.ts"
import type { KernelSnapshot } from "../snapshot/index.ts"
import { kernelFunctions } from "../symbols/index.ts"
import { badOption } from "./errors.ts"
import { kernelSnapshot } from "./host/snapshot.ts"

let kernel: Machine | undefined
let embedded: Machine | undefined

/** This computer's kernel. */
export function kernelMachine(): Machine {
  kernel ??= new KernelMachine({ functions: kernelFunctions })
  return kernel
}

/** The embedded machine of this process: programs that are loaded into it can share maps. */
export async function embeddedMachine(): Promise<Machine> {
  if (embedded === undefined) {
    const { VirtualMachine } = await import("../vm/index.ts")
    embedded ??= new VirtualMachine({ types: () => kernelSnapshot().btf })
  }
  return embedded
}

/** Where a program runs. */
export interface Where {
  readonly on?: "kernel" | "vm"
  readonly machine?: Machine
}

/** Whether a program runs on an embedded machine, for whose kernel it is compiled. @throws SkepError BPF_OPTION */
export function isEmbedded({ on: wanted, machine }: Where): boolean {
  if (machine !== undefined) return machine.name === "vm"
  const on: string | undefined = wanted ?? process.env.SKEP_MACHINE
  if (on === undefined || on === "") return process.platform !== "linux"
  if (on !== "kernel" && on !== "vm") throw badOption(`there is no machine ${on}`, 'on: "kernel" or on: "vm"')
  return on === "vm"
}

/** The machine that options ask for. @throws SkepError BPF_OPTION */
export const machineOf = async (where: Where): Promise<Machine> =>
  where.machine ?? (isEmbedded(where) ? embeddedMachine() : kernelMachine())

const kernels = new WeakMap<Machine, KernelSnapshot>()

/** Says for which kernel programs of an embedded machine are compiled. */
export const setKernel = (machine: Machine, kernel: KernelSnapshot): void => void kernels.set(machine, kernel)

/** The kernel for which programs of an embedded machine are compiled, where it is not the usual one. */
export const kernelOf = (machine: Machine): KernelSnapshot | undefined => kernels.get(machine)
