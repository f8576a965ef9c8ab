import type { MachineSymbols } from "../../machine/index.ts"
import type { BuildIdFrame } from "../maps/stackTrace.ts"
import { type Frame, frameIn, frameOf, frameOfFile, type SymOptions } from "./symbols.ts"

/** Whose stack it is, and how names are written. */
export interface StackOptions extends SymOptions {
  /** The process of a user stack; a stack of the kernel without it. */
  readonly pid?: number
}

/** The frames of a stack by its addresses, the innermost first. */
export function framesOfAddresses(
  addresses: readonly bigint[],
  { pid = -1, demangle }: StackOptions = {},
  symbols?: MachineSymbols,
): Frame[] {
  const frameAt = (at: bigint): Frame => (symbols === undefined ? frameOf(at, pid, demangle) : frameIn(symbols, at))
  // The address of a caller is that of the instruction it goes on at, which may be behind its end: the one before is looked up.
  return addresses.map((address, i) => {
    if (i === 0) return frameAt(address)
    const frame = frameAt(address - 1n)
    return { ...frame, address, offset: frame.module === undefined ? 0 : frame.offset + 1 }
  })
}

/** The frames of a stack that was taken as places in files. */
export function framesOfFiles(frames: readonly BuildIdFrame[], options: StackOptions = {}): Frame[] {
  return frames.map(({ buildId, offset, address }) =>
    buildId === undefined || offset === undefined
      ? frameOf(address ?? 0n, options.pid ?? -1, options.demangle)
      : frameOfFile(buildId, offset, options.demangle),
  )
}
