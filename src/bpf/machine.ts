import { bpfRefusal, KernelMachine } from "../kernel/index.ts"
import type { Machine } from "../machine/index.ts"
import type { KernelSnapshot } from "../snapshot/index.ts"
import { kernelFunctions } from "../symbols/index.ts"
import type { Refusal } from "../vm/index.ts"
import { badOption } from "./errors.ts"
import { kernelSnapshot } from "./host/snapshot.ts"

let kernel: Machine | undefined
let embedded: Machine | undefined
let standIn: Machine | undefined

/** This computer's kernel. */
export function kernelMachine(): Machine {
  kernel ??= new KernelMachine({ functions: kernelFunctions })
  return kernel
}

async function newMachine(refusal?: Refusal): Promise<Machine> {
  const { VirtualMachine } = await import("../vm/index.ts")
  return new VirtualMachine({ types: () => kernelSnapshot().btf, refusal })
}

/** The embedded machine of this process: programs that are loaded into it can share maps. */
async function embeddedMachine(): Promise<Machine> {
  const made = embedded ?? (await newMachine())
  embedded ??= made
  return embedded
}

/** The embedded machine where it stands for the kernel that this process may not use: what only that kernel has is refused as the kernel refuses it. */
async function standInMachine(refusal: Refusal): Promise<Machine> {
  const made = standIn ?? (await newMachine(refusal))
  standIn ??= made
  return standIn
}

/** Where a program runs. */
export interface Where {
  readonly on?: "kernel" | "vm"
  readonly machine?: Machine
}

/** Why programs run on an embedded machine that nobody asked for. */
export interface Instead {
  /** For people, without a full stop: `this is darwin, not Linux`. */
  readonly why: string
  /** How the kernel refuses what is asked of it, where there is a kernel. */
  readonly refusal?: Refusal
}

/**
 * Where programs run that do not say it: in the kernel, where this process may use bpf(2) (undefined then), else on the embedded machine. `SKEP_MACHINE`
 * says it for all of a process. @throws SkepError BPF_OPTION
 */
export function usualMachine(): "kernel" | "vm" | Instead | undefined {
  const wanted = process.env.SKEP_MACHINE
  if (wanted !== undefined && wanted !== "") return checked(wanted)
  if (process.platform !== "linux") return { why: `this is ${process.platform}, not Linux` }
  const refused = bpfRefusal()
  return refused && { why: refused.message, refusal: (what, type) => bpfRefusal(what, type) ?? refused }
}

function checked(on: string): "kernel" | "vm" {
  if (on !== "kernel" && on !== "vm") throw badOption(`there is no machine ${on}`, 'on: "kernel" or on: "vm"')
  return on
}

/** Why a program runs on the embedded machine although its options do not say so; undefined where they do, and where it runs in the kernel. */
export function insteadOf({ on, machine }: Where): Instead | undefined {
  if (machine !== undefined || on !== undefined) return undefined
  const usual = usualMachine()
  return typeof usual === "object" ? usual : undefined
}

/** Whether a program runs on an embedded machine, for whose kernel it is compiled. @throws SkepError BPF_OPTION */
export function isEmbedded({ on, machine }: Where): boolean {
  if (machine !== undefined) return machine.name === "vm"
  const chosen = on === undefined ? usualMachine() : checked(on)
  return chosen !== undefined && chosen !== "kernel"
}

/** The machine that options ask for. @throws SkepError BPF_OPTION */
export async function machineOf(where: Where): Promise<Machine> {
  if (where.machine !== undefined) return where.machine
  if (!isEmbedded(where)) return kernelMachine()
  const refusal = insteadOf(where)?.refusal
  return refusal === undefined ? embeddedMachine() : standInMachine(refusal)
}

/** The kernel for which programs of an embedded machine are compiled, and its processor as Node names it. */
export interface MachineKernel {
  readonly kernel: KernelSnapshot
  readonly arch: string
}

const kernels = new WeakMap<Machine, MachineKernel>()

/** Says for which kernel programs of an embedded machine are compiled. */
export const setKernel = (machine: Machine, kernel: MachineKernel): void => void kernels.set(machine, kernel)

/** The kernel for which programs of an embedded machine are compiled, where it is not the usual one. */
export const kernelOf = (machine: Machine): MachineKernel | undefined => kernels.get(machine)
