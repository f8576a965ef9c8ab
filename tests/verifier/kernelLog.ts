import * as isa from "../../src/isa/index.ts"
import { type ProgLoad, progLoad } from "../../src/kernel/bpf/index.ts"
import { closeFd } from "../../src/kernel/index.ts"

/** What the running kernel says of a program. */
export interface Judgement {
  readonly accepted: boolean
  /** Positive number of the error, 0 if it was accepted. */
  readonly errno: number
  readonly log: string
}

const EAGAIN = 11
const ENOSPC = 28

/** Sizes of the log that are tried; the last is kept short of what a program at the limit of a million instructions would write. */
const SIZES = [1 << 16, 1 << 20, 1 << 24]

/** Loads a program into the running kernel, and closes it again. Default level of the log: 1. */
export function judge(prog: ProgLoad): Judgement {
  const logLevel = prog.logLevel ?? 1
  for (const size of SIZES) {
    const log = new Uint8Array(size)
    let result = -EAGAIN
    for (let i = 0; i < 5 && result === -EAGAIN; i++) result = progLoad({ ...prog, log, logLevel }).result
    if (result >= 0) closeFd(result)
    if (result === -ENOSPC && size !== SIZES.at(-1)) continue
    const end = log.indexOf(0)
    const text = new TextDecoder().decode(log.subarray(0, end < 0 ? size : end))
    return { accepted: result >= 0, errno: Math.max(0, -result), log: text }
  }
  throw new Error("unreachable")
}

/** A socket filter of these instructions, with every step in the log. */
export function judgeInsns(insns: readonly isa.Insn[], logLevel = 2): Judgement {
  const type = isa.progTypes.number("socket_filter") as number
  return judge({ type, insns: isa.encodeInsns(insns), license: "GPL", logLevel })
}
