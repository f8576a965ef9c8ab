import { test } from "node:test"
import { possibleCpus } from "../../src/kernel/index.ts"
import type { Loaded, LoadOptions, Machine } from "../../src/machine/index.ts"
import type { BpfObject } from "../../src/object/index.ts"
import { VirtualMachine } from "../../src/vm/index.ts"
import { kernel, needsRoot } from "./kernel.ts"

/** A machine that a table of cases is tried on. */
export interface MachineUnderTest {
  readonly name: "kernel" | "vm"
  /** Beginning of the codes of errors that are its own. */
  readonly prefix: "KERNEL" | "VM"
  /** Copies of per-CPU values. */
  readonly cpus: number
  readonly skip: string | false
  load(object: BpfObject, options?: LoadOptions): Loaded
}

const on = (name: "kernel" | "vm", skip: string | false, cpus: number, make: () => Machine): MachineUnderTest => ({
  name,
  prefix: name === "vm" ? "VM" : "KERNEL",
  cpus,
  skip,
  load: (object, options) => make().load(object, options),
})

const interpreted = (): Machine => new VirtualMachine({ jit: false })

/** The kernel and the embedded machine: what one does, the other does. */
export const machines: readonly MachineUnderTest[] = [
  on("kernel", needsRoot, needsRoot ? 1 : possibleCpus(), kernel),
  on("vm", false, 2, interpreted),
]

/** One case on every machine. */
export function onMachines(name: string, body: (machine: MachineUnderTest) => void | Promise<void>): void {
  for (const machine of machines) test(`${machine.name}: ${name}`, { skip: machine.skip }, () => body(machine))
}
