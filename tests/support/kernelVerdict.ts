import { closeSync } from "node:fs"
import * as isa from "../../src/isa/index.ts"
import { progLoad } from "../../src/kernel/bpf/index.ts"

/** What the running kernel says of instructions. */
export interface KernelVerdict {
  /** 0, or a positive error number. */
  readonly errno: number
  readonly log: string
}

/** Hands encoded instructions to the running kernel's verifier; needs root. */
export function kernelVerdict(insns: Uint8Array, type: string, logLevel = 2): KernelVerdict {
  const log = new Uint8Array(1 << 22)
  const { result } = progLoad({ type: isa.progTypes.number(type) ?? 0, insns, license: "GPL", log, logLevel })
  if (result >= 0) closeSync(result)
  return { errno: Math.max(0, -result), log: new TextDecoder().decode(log.subarray(0, log.indexOf(0))) }
}

/** Lines of a log that other verifiers need not have: how long it took. */
const OWN = /^(verification time|stack depth|\s*$)/

/** A log without what is the kernel's own, for comparison. */
export const comparable = (log: string): string[] =>
  log
    .split("\n")
    .filter(line => !OWN.test(line))
    .map(line => line.trimEnd())
