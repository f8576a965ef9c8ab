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

/** Loads a program into the running kernel, and closes it again. Of a log that is longer than `size` the end is kept (Linux 6.4). Default level: 1. */
export function judge(prog: ProgLoad, size = 1 << 16): Judgement {
  const log = new Uint8Array(size)
  let result = -EAGAIN
  for (let i = 0; i < 5 && result === -EAGAIN; i++)
    result = progLoad({ ...prog, log, logLevel: prog.logLevel ?? 1 }).result
  if (result >= 0) closeFd(result)
  const end = log.indexOf(0)
  const text = new TextDecoder().decode(log.subarray(0, end < 0 ? size : end))
  return { accepted: result >= 0, errno: Math.max(0, -result), log: text }
}

/** A socket filter of these instructions, with every step in the log. */
export function judgeInsns(insns: readonly isa.Insn[], logLevel = 2): Judgement {
  const type = isa.progTypes.number("socket_filter") as number
  return judge({ type, insns: isa.encodeInsns(insns), license: "GPL", logLevel }, 1 << 20)
}
