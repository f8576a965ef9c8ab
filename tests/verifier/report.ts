import type { Agreement, Compared } from "./compare.ts"

const share = (part: number, whole: number): string => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`)
const count = (all: readonly Compared[], ...kinds: readonly Agreement[]): number =>
  all.filter(({ agreement }) => kinds.includes(agreement)).length

function row(name: string, all: readonly Compared[]): string {
  const taken = count(all, "accepted")
  const refused = count(all, "refused")
  const other = count(all, "wrong result")
  const judged = all.length - count(all, "not judged")
  const cells = [
    judged,
    share(taken + refused, judged),
    `${taken + other}/${taken + other + count(all, "wrong refusal")}`,
    `${refused}/${refused + count(all, "wrong accept")}`,
    count(all, "wrong accept"),
    count(all, "wrong refusal"),
    other,
    count(all, "failed"),
    count(all, "not judged"),
  ]
  return name.padEnd(26) + cells.map(cell => `${cell}`.padStart(13)).join("")
}

/** Numbers, names and the like taken out, so that refusals for the same reason are one. */
const shape = (message: string): string =>
  message
    .split("\n")[0]
    .replace(/0x[0-9a-f]+|-?\d+/g, "N")
    .replace(/R N|fp-?N/g, "R")
    .slice(0, 110)

function frequent(title: string, messages: readonly string[], most: number): string[] {
  if (messages.length === 0) return []
  const counts = new Map<string, number>()
  for (const message of messages) counts.set(shape(message), (counts.get(shape(message)) ?? 0) + 1)
  const sorted = [...counts].sort((a, b) => b[1] - a[1]).slice(0, most)
  return ["", title, ...sorted.map(([message, times]) => `${`${times}`.padStart(6)}  ${message}`)]
}

/** Of the programs that both accept: how many were walked over by as many instructions and states, and which were not. */
function walks(all: readonly Compared[]): string[] {
  const both = all.filter(({ agreement, kernelCounts }) => agreement === "accepted" && kernelCounts.processed > 0)
  const ratio = ({ counts, kernelCounts }: Compared): number => counts.processed / kernelCounts.processed
  const same = both.filter(({ counts, kernelCounts }) => JSON.stringify(counts) === JSON.stringify(kernelCounts))
  const other = both.filter(one => ratio(one) !== 1).sort((a, b) => ratio(b) - ratio(a))
  return [
    `the kernel's number of instructions for ${both.length - other.length} of ${both.length} accepted programs, and of states for ${same.length}`,
    ...other.map(
      one => `${ratio(one).toFixed(3).padStart(8)}  ${one.name} ${one.counts.processed}/${one.kernelCounts.processed}`,
    ),
  ]
}

/** The table by program type, then the most frequent reasons of differences. */
export function report(all: readonly Compared[], most = 25): string {
  const types = [...new Set(all.map(({ type }) => type))].sort()
  const head = [
    "",
    "cases",
    "same",
    "accepted",
    "refused",
    "wrong accept",
    "wrong refus.",
    "wrong result",
    "failed",
    "not judged",
  ]
  const time = all.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const processed = all.reduce((sum, one) => sum + one.counts.processed, 0)
  const wrong = (kind: Agreement) => all.filter(({ agreement }) => agreement === kind)
  const lines = [
    head[0].padEnd(26) +
      head
        .slice(1)
        .map(cell => cell.padStart(13))
        .join(""),
    ...types.map(type =>
      row(
        type,
        all.filter(one => one.type === type),
      ),
    ),
    row("all", all),
    "",
    `wrong accepts: ${share(wrong("wrong accept").length, all.length - wrong("not judged").length)} of what the kernel judged; ${processed} instructions in ${(time / 1000).toFixed(1)} s: ${Math.round(processed / time)} k/s`,
    ...walks(all),
    ...frequent(
      "refused here, accepted by the kernel:",
      wrong("wrong refusal").map(({ ours }) => ours),
      most,
    ),
    ...frequent(
      "accepted here, refused by the kernel:",
      wrong("wrong accept").map(({ theirs }) => theirs),
      most,
    ),
    ...frequent(
      "run with another result:",
      wrong("wrong result").map(({ ours }) => ours),
      most,
    ),
    ...frequent(
      "broken:",
      wrong("failed").map(({ ours }) => ours.split("\n").slice(0, 2).join("")),
      most,
    ),
  ]
  return `${lines.join("\n")}\n`
}

const indent = (text: string): string => text.replace(/^/gm, "    ")

/** The names of cases that differ, each with the reason, and both logs where they are wanted. */
export function differences(all: readonly Compared[], logs: boolean): string {
  const differ = all.filter(({ agreement }) => agreement.startsWith("wrong") || agreement === "failed")
  const texts = differ.map(({ name, type, agreement, ours, theirs, ourLog, theirLog }) => {
    const title = `${agreement} · ${type} · ${name}`
    if (logs) return `${title}\n  kernel:\n${indent(theirLog)}\n  ours:\n${indent(ourLog)}`
    return `${title}\n${indent((ours || theirs).split("\n").slice(0, 3).join("\n"))}`
  })
  return texts.join("\n")
}
