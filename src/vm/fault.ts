import { SkepError } from "../base/index.ts"
import { helperName } from "../isa/index.ts"
import { addressText, KERNEL, NULL_PAGE, USER } from "./address.ts"
import type { CodeImage } from "./code.ts"
import type { Memory } from "./memory.ts"

/** Why a run was ended. It is caught where the program was started and becomes an error that says which line it was. */
export class Fault extends Error {
  readonly code: string
  readonly hint: string
  /** The program that ran, and the slot of the instruction that it happened at. */
  place: { readonly image: CodeImage; readonly slot: number } | undefined

  constructor(code: string, message: string, hint: string) {
    super(message)
    this.code = code
    this.hint = hint
  }

  /** Called by executors on its way out; the innermost knows it best. */
  happened(image: CodeImage, slot: number): void {
    this.place ??= { image, slot }
  }
}

/** Ends the run with this value of r0, from inside of a helper: `bpf_throw`, a packet load out of bounds. */
export class ProgramExit extends Error {
  readonly low: number
  readonly high: number
  constructor(low: number, high = 0) {
    super("the program ended")
    this.low = low
    this.high = high
  }
}

export const memoryFull = (name: string, wanted: number, limit: number, cause?: unknown): SkepError =>
  new SkepError({
    code: "VM_MEMORY",
    message: `the machine's memory is full: ${name} needs ${wanted} bytes in all, and there may be ${limit}`,
    hint: "make maps smaller, or give the machine a larger memoryLimit (at most 2 GiB)",
    cause,
  })

/** The address of a memory access that is none. */
export function badAddress(
  memory: Memory,
  low: number,
  high: number,
  size: number,
  use: "read" | "write" | "map",
): Fault {
  const address = addressText(low, high)
  if (use === "map") {
    return new Fault("VM_ACCESS", `${address} is no map`, "pass the map itself to the helper")
  }
  const what = `${use === "read" ? "reads" : "writes"} ${size} ${size === 1 ? "byte" : "bytes"} at ${address}`
  return new Fault("VM_ACCESS", `${what}, where ${whatLies(memory, low, high, size)}`, HINT)
}

const HINT = "check the pointer and the bounds before the access; the verifier says where it finds such an access"

function whatLies(memory: Memory, low: number, high: number, size: number): string {
  if (low >= 0 && low < NULL_PAGE && (high === 0 || high === KERNEL)) {
    return low === 0 ? "nothing is: it is a null pointer" : `nothing is: it is byte ${low} behind a null pointer`
  }
  if (high !== KERNEL && high !== 0 && high !== USER) return "nothing is: it is no address of this machine"
  const region = low < 0 ? undefined : memory.regionNear(low)
  if (region === undefined) return "nothing is"
  const at = low - region.start
  if (at >= region.size) return `nothing is: it is ${at - region.size} bytes behind the end of ${region.name}`
  if (at + size > region.size) return `${region.name} has ${region.size - at} bytes left`
  return `${region.name} begins ${at} bytes before, and programs may not do this there`
}

export const badCallback = (low: number, high: number): Fault =>
  new Fault("VM_CALLBACK", `${addressText(low, high)} is no function`, "pass a function of the program as the callback")

export const budgetSpent = (budget: number): Fault =>
  new Fault(
    "VM_BUDGET",
    `the program made ${budget} instructions and did not end`,
    "the loop may have no end; a larger budget is given when the machine is made",
  )

export const stackOverflow = (frames: number): Fault =>
  new Fault(
    "VM_STACK",
    `more than ${frames} functions call each other`,
    "programs have at most 8 frames: call less deep",
  )

export const noHelper = (number: number): Fault =>
  new Fault(
    "VM_HELPER",
    `the machine has no helper ${helperName(number) ?? `number ${number}`}`,
    "the program has to do without it here, or run in the kernel",
  )

export const endOfCode = (): Fault =>
  new Fault("VM_BAD_CODE", "the program runs over its end", "every path ends with exit")

export const badOperation = (operation: number): Fault =>
  new Fault(
    "VM_BAD_CODE",
    `operation 0x${operation.toString(16)} cannot be interpreted`,
    "let the verifier check the program",
  )

export const badRecord = (record: number): Fault =>
  new Fault(
    "VM_ACCESS",
    `${addressText(record, KERNEL)} is no record of a ring buffer that was reserved and not finished`,
    "submit or discard each record once",
  )
