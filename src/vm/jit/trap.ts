import { Fault, stackOverflow } from "../fault.ts"
import { FRAMES } from "../run.ts"

/** What stopped compiled code, as a fault: an access outside of linear memory, or calls without end. Undefined for all else. */
export function faultOfTrap(error: unknown): Fault | undefined {
  if (error instanceof RangeError) return stackOverflow(FRAMES)
  if (!(error instanceof Error) || error.name !== "RuntimeError") return undefined
  return new Fault(
    "VM_ACCESS",
    `the program leaves the machine's memory: ${error.message}`,
    "check the pointer and the bounds before the access; the interpreter says which access it is",
  )
}
