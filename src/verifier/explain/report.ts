/** What a kernel of 7.3 and later says of a refusal in words, beside the terse line of earlier ones. */
export interface VerifierReport {
  /** `Memory Safety`, `Register Type Safety`, `Policy`, … */
  readonly category: string
  readonly problem: string
  readonly reason: string
  readonly suggestion: string
  readonly place: { readonly file: string; readonly line: number } | undefined
  /** Slot of the instruction. */
  readonly slot: number | undefined
}

/** A log in two parts: the lines as all kernels write them, and the reports. */
export interface SplitLog {
  readonly plain: string
  readonly report: VerifierReport | undefined
}

/** Lines that stand behind a report, and belong to the log again. */
const AFTER = /^(processed \d+ insns|verification time|stack depth|\d+: \([0-9a-f]{2}\)|from \d+ to \d+|Func#|-- END)/

/**
 * Takes the reports out of a log; the last one counts.
 *
 *     Verification failed: Memory Safety: Out of bounds access      category and problem
 *
 *     Reason:                                                       sections, their text indented
 *       The access may go past the end of the object.
 *
 *     At:
 *       f @ a.c:12:7
 *       Source context:
 *         >>> 12 | return v[i];
 *       Instruction context:
 *         >>> 8 | r0 = *(u8 *)(r7 +0)
 *
 *     Suggestion:
 *       …
 */
export function splitLog(log: string): SplitLog {
  if (!log.includes("Verification failed: ")) return { plain: log, report: undefined }
  const plain: string[] = []
  let lines: string[] | undefined
  let last: string[] | undefined
  for (const line of log.split("\n")) {
    if (line.startsWith("Verification failed: ")) last = lines = [line]
    else if (lines === undefined) plain.push(line)
    else if (AFTER.test(line)) {
      lines = undefined
      plain.push(line)
    } else lines.push(line)
  }
  return { plain: plain.join("\n"), report: last && readReport(last) }
}

function readReport([head, ...lines]: readonly string[]): VerifierReport {
  const [, category, problem = ""] = /^Verification failed: ([^:]*)(?:: (.*))?$/.exec(head) ?? [head, head]
  const sections = new Map<string, string[]>()
  let section: string[] = []
  for (const line of lines) {
    const title = /^(\S[^:]*):$/.exec(line)?.[1]
    if (title !== undefined) sections.set(title, (section = []))
    else if (line.trim() !== "") section.push(line.trim())
  }
  const at = sections.get("At") ?? []
  const [, file, line] = at.map(text => /^(?:\S+ @ )?(.+):(\d+):\d+$/.exec(text)).find(match => match !== null) ?? []
  return {
    category,
    problem,
    reason: (sections.get("Reason") ?? []).join(" "),
    suggestion: (sections.get("Suggestion") ?? []).join(" "),
    place: file === undefined ? undefined : { file, line: Number(line) },
    slot: slotOf(at),
  }
}

function slotOf(at: readonly string[]): number | undefined {
  const start = at.indexOf("Instruction context:")
  const rows = start < 0 ? at : at.slice(start)
  for (const row of rows) {
    const slot = /^(?:>>>\s+(\d+) \| |insn (\d+)$)/.exec(row)
    if (slot !== null && (start >= 0 || slot[2] !== undefined)) return Number(slot[1] ?? slot[2])
  }
  return undefined
}
