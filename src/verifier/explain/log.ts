/** What a verifier's log says in short. */
export interface VerifierSummary {
  /** The last line that states a fault; empty when none does. */
  readonly reason: string
  /** Slot of the instruction it stopped at; undefined when the log names none. */
  readonly slot: number | undefined
  /** The source line that the log quotes last, without its place. */
  readonly quoted: string | undefined
}

/** Characters at the end of a log that are looked at: logs can have hundreds of megabytes. */
const TAIL = 1 << 16

/** Lines of statistics and of state that say nothing about the fault. */
const NOISE = [
  /^processed \d+ insns/,
  /^verification time/,
  /^stack depth/,
  /^insns processed/,
  /^max_states_per_insn/,
  /^peak_states/,
  /^mark_precise:/,
  /^parent /,
  /^-- END PROG LOAD LOG --/,
  /^from \d+ to \d+/,
  /^\d+: \([0-9a-f]{2}\)/,
  /^\d+: (safe|R\d)/,
  /^R\d\S* ?=/,
  /^R\d+_w=/,
  /^; /,
  /^Func#/,
  /^func#\d+ @\d+/,
  /^Validating .* func#/,
  /^arg#\d+ reference type/,
  /^reg type unsupported for arg#/,
  /^(old|cur) state:/,
  /^frame\d+:/,
]

/**
 * Finds what matters in a log. Instructions are quoted as `12: (85) call bpf_x#1 ; R0=...`, source lines as
 * `; text @ file:line` (the place since Linux 6.9), the fault is the last other line.
 */
export function summarise(log: string): VerifierSummary {
  const lines = logTail(log).split("\n")
  let reason = ""
  let slot: number | undefined
  let quoted: string | undefined
  for (let i = lines.length - 1; i >= 0 && (slot === undefined || quoted === undefined || reason === ""); i--) {
    // Some complaints have no line end of their own, and one stands behind the jump that it is about.
    const line = lines[i]
      .replace(/(?<=\S)processed \d+ insns .*/, "")
      .replace(/^\d+: \([0-9a-f]{2}\) .*(?=infinite loop detected at insn)/, "")
      .trim()
    if (line === "") continue
    if (reason === "" && !NOISE.some(pattern => pattern.test(line))) reason = line
    if (slot === undefined) {
      const at = /^(\d+): \([0-9a-f]{2}\)/.exec(line) ?? / at insn (\d+)/.exec(line)
      if (at !== null) slot = Number(at[1])
    }
    if (quoted === undefined && line.startsWith("; ")) quoted = line.slice(2).replace(/ @ \S+:\d+$/, "")
  }
  return { reason, slot, quoted }
}

/** The end of a log, where the fault is. */
export const logTail = (log: string): string => log.slice(-TAIL)

/** The text in a buffer the kernel wrote a log to: up to the first zero byte. */
export function logText(buffer: Uint8Array): string {
  const end = buffer.indexOf(0)
  return new TextDecoder().decode(buffer.subarray(0, end < 0 ? buffer.length : end)).trimEnd()
}
