import { SkepError } from "../base/index.ts"
import { kernelMachine, kernelSnapshot } from "../bpf/index.ts"
import type { Machine } from "../machine/index.ts"
import { VirtualMachine, type VirtualMachineOptions } from "../vm/index.ts"

/** The machine that tests run on: `SKEP_MACHINE`, and the embedded one where nothing is said. @throws SkepError BPF_OPTION */
export function chosenMachine(): "vm" | "kernel" {
  const chosen = process.env.SKEP_MACHINE || "vm"
  if (chosen === "vm" || chosen === "kernel") return chosen
  throw new SkepError({
    code: "BPF_OPTION",
    message: `SKEP_MACHINE is '${chosen}'`,
    hint: "set it to vm or to kernel",
  })
}

/** A machine for one test: the kernel, or an embedded machine of its own. */
export function testMachine(options: VirtualMachineOptions = {}): Machine {
  if (chosenMachine() === "kernel") return kernelMachine()
  return new VirtualMachine({ types: () => kernelSnapshot().btf, verify: true, ...options })
}
