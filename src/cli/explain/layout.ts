import { wantsColor } from "../style.ts"
import type { ListedLine, Listing } from "./listing.ts"

/** The parts of the width that C, SSA form and instructions get. */
const PARTS = [0.36, 0.36, 0.28] as const
const NARROWEST = 60
const GAP = " │ "

type Style = (text: string, style: string) => string

/**
 * The three forms side by side, in columns that fill the width; what is longer goes on in the next row.
 *
 *      C                  │ SSA form             │ BPF
 *     5 u64 x = a->b;     │ %3 = load i64 u8 %2  │ 0: r1 = *(u64 *)(r1 + 8)
 */
export function sideBySide(listing: Listing, width: number, style: Style = painted): string {
  const whole = Math.max(NARROWEST, width) - 2 * GAP.length
  const widths = [Math.floor(whole * PARTS[0]), Math.floor(whole * PARTS[1])]
  const columns = [...widths, whole - widths[0] - widths[1]]
  const digits = String(Math.max(...[...listing.lines, ...listing.others].map(({ line }) => line))).length
  const row = (cells: readonly string[], styles: readonly string[]): string =>
    cells
      .map((cell, i) => style(cell.padEnd(columns[i]), styles[i]))
      .join(style(GAP, "2"))
      .trimEnd()
  const block = ({ line, c, ir, bpf }: ListedLine): string[] => {
    const number = String(line).padStart(digits)
    const cells = [
      fold(c, columns[0] - digits - 1).map((text, i) => `${i === 0 ? number : " ".repeat(digits)} ${text}`),
      ir.flatMap(text => fold(text, columns[1])),
      bpf.flatMap(text => fold(text, columns[2])),
    ]
    const height = Math.max(1, ...cells.map(cell => cell.length))
    return Array.from({ length: height }, (_, i) =>
      row(
        cells.map(cell => cell[i] ?? ""),
        ["1", "36", "33"],
      ),
    )
  }
  const out = [row(["C", "SSA form", "BPF"], ["2", "2", "2"]), ...listing.lines.flatMap(block)]
  for (const other of listing.others) {
    out.push(style(`from ${other.file}:${other.line}`, "2"), ...block(other))
  }
  return `${out.join("\n")}\n${sizesText(listing)}\n`
}

/** The three forms below each other, a line of C at a time. */
export function oneBelowTheOther(listing: Listing): string {
  const block = ({ file, line, c, ir, bpf }: ListedLine): string[] => [
    `${file}:${line}: ${c.trim()}`,
    ...ir.map(text => `    ir   ${text}`),
    ...bpf.map(text => `    bpf  ${text}`),
  ]
  return `${[...listing.lines.flatMap(block), ...listing.others.flatMap(block)].join("\n")}\n${sizesText(listing)}\n`
}

/** `f: 12 instructions (104 bytes), 8 bytes of stack; maps: counts; calls: g` */
export function sizesText({ name, sizes }: Pick<Listing, "name" | "sizes">): string {
  const { instructions, bytes, stack, maps, calls } = sizes
  const list = (what: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`${what}: ${names.join(", ")}`]
  const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`
  const size = `${plural(instructions, "instruction")} (${plural(bytes, "byte")}), ${plural(stack, "byte")} of stack`
  return [`${name}: ${size}`, ...list("maps", maps), ...list("calls", calls)].join("; ")
}

/** Splits text into pieces of a width, at spaces where it can; those that follow are indented. */
function fold(text: string, width: number): string[] {
  const plain = text.replaceAll("\t", "  ")
  if (plain.length <= width) return [plain]
  const indent = `${/^ */.exec(plain)![0]}  `
  const out: string[] = []
  let rest = plain
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width)
    const at = space > indent.length + 4 ? space : width
    out.push(rest.slice(0, at).trimEnd())
    const next = rest.slice(at).trimStart()
    // An indentation that leaves no room is none.
    rest = indent.length + 8 > width ? next : indent + next
  }
  return [...out, rest]
}

const painted: Style = (text, style) => (wantsColor(process.stdout) ? `\x1b[${style}m${text}\x1b[0m` : text)
