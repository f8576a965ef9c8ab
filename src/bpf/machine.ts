import { KernelMachine } from "../kernel/index.ts"
import type { Machine } from "../machine/index.ts"
import { kernelFunctions } from "../symbols/index.ts"

let machine: Machine | undefined

/** This computer's kernel. */
export function kernelMachine(): Machine {
  machine ??= new KernelMachine({ functions: kernelFunctions })
  return machine
}
