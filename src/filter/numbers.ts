import { badText } from "./error.ts"
import type { ClassicInsn } from "./insn.ts"

/** Numbers as `tcpdump -ddd` writes a filter: the count in a line, then `code jt jf k` in a line for each instruction. */
export function formatNumbers(insns: readonly ClassicInsn[]): string {
  return [insns.length, ...insns.map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k}`), ""].join("\n")
}

/** Initialisers of `struct sock_filter`, as `tcpdump -dd` writes a filter. */
export function formatC(insns: readonly ClassicInsn[]): string {
  return insns
    .map(({ code, jt, jf, k }) => `{ 0x${code.toString(16)}, ${jt}, ${jf}, 0x${k.toString(16).padStart(8, "0")} },\n`)
    .join("")
}

const LIMITS = [0xffff, 0xff, 0xff, 0xffff_ffff]

/**
 * Reads what {@link formatNumbers} and {@link formatC} write; also instructions separated by commas, as iptables takes
 * them (`4,40 0 0 12,…`). @throws SkepError FILTER_TEXT
 */
export function parseNumbers(text: string): ClassicInsn[] {
  return text.includes("{") ? parseC(text) : parseDecimal(text)
}

function parseDecimal(text: string): ClassicInsn[] {
  const lines = text.split(/[\n,]/).map((content, i) => ({ content: content.trim(), line: i + 1 }))
  const filled = lines.filter(({ content }) => content !== "")
  const [head, ...rest] = filled
  const count = Number(head?.content)
  if (!Number.isInteger(count)) throw badText(head?.line ?? 1, "the number of instructions is missing")
  if (count !== rest.length) {
    throw badText(head.line, `${count} instructions are announced, and there are ${rest.length}`)
  }
  return rest.map(({ content, line }) => fromWords(content.split(/\s+/), line))
}

function parseC(text: string): ClassicInsn[] {
  const lines = text.split("\n")
  const insns: ClassicInsn[] = []
  for (const [i, line] of lines.entries()) {
    for (const [, inside] of line.matchAll(/\{([^{}]*)\}/g))
      insns.push(fromWords(inside.trim().split(/\s*,\s*/), i + 1))
  }
  return insns
}

function fromWords(words: readonly string[], line: number): ClassicInsn {
  const numbers = words.map(word => (/^(0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) : Number.NaN))
  if (numbers.length !== 4 || numbers.some(Number.isNaN)) {
    throw badText(line, `'${words.join(" ")}' is no instruction`, "an instruction is four numbers: code jt jf k")
  }
  const wide = numbers.findIndex((value, i) => value > LIMITS[i])
  if (wide >= 0) throw badText(line, `${words[wide]} is more than ${LIMITS[wide]}`)
  const [code, jt, jf, k] = numbers
  return { code, jt, jf, k }
}
