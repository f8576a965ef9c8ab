/** A field of a tracepoint's record, as its format file tells. */
interface Field {
  /** C declaration: `char comm[16]`. */
  readonly declaration: string
  readonly offset: number
  readonly size: number
  readonly signed: boolean
}

const FIELD = /^\s*field:([^;\n]*);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:(\d+);)?/gm

/** The fields that every record begins with. */
const COMMON: readonly Field[] = [
  { declaration: "unsigned short common_type", offset: 0, size: 2, signed: false },
  { declaration: "unsigned char common_flags", offset: 2, size: 1, signed: false },
  { declaration: "unsigned char common_preempt_count", offset: 3, size: 1, signed: false },
  { declaration: "int common_pid", offset: 4, size: 4, signed: true },
]

/** The content of format files, by `category:event`. */
export type Formats = ReadonlyMap<string, string>

/**
 * Formats as a snapshot holds them: a line for an event, and one for each of its fields but the common ones; a field that stands where the last one
 * ends has no offset.
 *
 *     sched:sched_switch 372
 *     16 char prev_comm[16]
 *     -4 pid_t prev_pid
 *     -8 long prev_state        the sign: `signed:1`
 *     8@48 unsigned long x      in another place than where the last one ends
 */
export function writeFormats(formats: Formats): string {
  const lines: string[] = []
  for (const [name, format] of formats) {
    lines.push(`${name} ${/^ID: (\d+)/m.exec(format)?.[1] ?? 0}`)
    let end = 8
    for (const [, declaration, at, size, signed] of format.matchAll(FIELD)) {
      if (Number(at) < 8) continue
      const place = Number(at) === aligned(end, Number(size)) ? "" : `@${at}`
      lines.push(`${signed === "1" ? "-" : ""}${size}${place} ${declaration.trim()}`)
      end = Number(at) + Number(size)
    }
  }
  return `${lines.join("\n")}\n`
}

/** The same as format files have it; without `print fmt`, which only tells how a record is shown. */
export function readFormats(text: string): Map<string, string> {
  const formats = new Map<string, string>()
  let name = ""
  let end = 8
  for (const line of text.split("\n")) {
    const [, event, id] = /^([\w-]+:[\w-]+) (\d+)$/.exec(line) ?? []
    if (event !== undefined) {
      name = event
      end = 8
      const header = `name: ${event.slice(event.indexOf(":") + 1)}\nID: ${id}\nformat:\n`
      formats.set(name, `${header}${COMMON.map(fieldLine).join("")}\n`)
      continue
    }
    const [, sign, bytes, at, declaration] = /^(-?)(\d+)(?:@(\d+))? (.*)$/.exec(line) ?? []
    if (declaration === undefined) continue
    const size = Number(bytes)
    const offset = at === undefined ? aligned(end, size) : Number(at)
    formats.set(name, `${formats.get(name)}${fieldLine({ declaration, offset, size, signed: sign === "-" })}`)
    end = offset + size
  }
  return formats
}

function fieldLine({ declaration, offset, size, signed }: Field): string {
  return `\tfield:${declaration};\toffset:${offset};\tsize:${size};\tsigned:${signed ? 1 : 0};\n`
}

/** Where a field of that size may begin: numbers at a multiple of their size, all else anywhere. */
function aligned(end: number, size: number): number {
  return [2, 4, 8].includes(size) ? Math.ceil(end / size) * size : end
}
