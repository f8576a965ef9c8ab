/**
 * How the layouts of contexts are written: names of fields one after the other, each with what its accesses look like:
 *
 *     field = name [ ":" bytes ] [ mode ]        four bytes without a number; "-" is padding
 *
 * Whatever the mode, an access is aligned to its size and starts inside of the field. Modes:
 *
 *     (none)  reads of a part, writes of a whole unit (4 bytes, or 8 in fields of 8)
 *     !       a whole unit only
 *     <       reads of a part only where the field starts
 *     *       any part, also to write
 *     +       as without a mode, and 8 bytes at once
 *     %       reads of a part, but of two bytes at least
 *     #       a field of 2 bytes that had 4 once: reads of a part, or of 4 bytes where it starts
 *     =       whole units of 8 bytes
 *     ~       8 bytes where the field starts, any part behind that
 *     /       8 bytes where the field starts, 4 in its middle
 */
export type Mode = "" | "!" | "<" | "*" | "+" | "%" | "#" | "/" | "=" | "~"

export interface Field {
  readonly name: string
  /** Bytes from the start of the context. */
  readonly offset: number
  readonly size: number
  readonly mode: Mode
}

export interface Layout {
  readonly fields: readonly Field[]
  /** Bytes, padding at the end included. */
  readonly size: number
}

export function parseLayout(text: string): Layout {
  const fields: Field[] = []
  let offset = 0
  for (const word of text.split(" ")) {
    const [, name, size, mode] = /^(\w+|-)(?::(\d+))?(\W)?$/.exec(word)!
    const field = { name, offset, size: Number(size ?? 4), mode: (mode ?? "") as Mode }
    if (name !== "-") fields.push(field)
    offset += field.size
  }
  return { fields, size: offset }
}

/** The field in which an access starts. */
export function fieldAt({ fields }: Layout, offset: number): Field | undefined {
  return fields.find(field => offset >= field.offset && offset < field.offset + field.size)
}

/** Whether a field may be accessed like this at all, by its mode. */
export function fits(
  { offset: start, size: bytes, mode }: Field,
  offset: number,
  size: number,
  write: boolean,
): boolean {
  if (offset % size !== 0) return false
  const inside = offset + size <= start + bytes
  const unit = bytes === 8 ? 8 : bytes < 4 ? bytes : 4
  switch (mode) {
    case "!":
      return size === unit && inside
    case "<":
      return size === unit || (!write && offset === start && size < unit)
    case "*":
      return inside
    case "+":
      return (size === 8 && inside) || (write ? size === unit : size <= unit)
    case "%":
      return size === unit || (!write && size >= 2 && size < unit)
    case "#":
      return (size === 4 && offset === start) || (!write && inside)
    case "=":
      return size === 8 && inside
    case "~":
      return inside && (offset !== start || size === 8)
    case "/":
      return size === (offset === start ? 8 : 4)
    default:
      return inside && (write ? size === unit : size <= unit)
  }
}
