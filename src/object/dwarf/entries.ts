import { DwarfBytes } from "./bytes.ts"
import { FORM } from "./format.ts"

type FormName = keyof typeof FORM
/** A type by its BTF id, anything else by a text. */
export type EntryKey = number | string

/** An attribute: its number, its form, and a value that fits the form. */
export type Attribute = readonly [attribute: number, form: FormName, value: Value]
export type Value = number | bigint | string | Uint8Array | Reference
/** `entry`: another entry, by the key that {@link Entries.define} gave it. Otherwise bytes of a section, or a function. */
export type Reference =
  | { readonly entry: EntryKey }
  | { readonly to: Parameters<DwarfBytes["reference"]>[0]; readonly addend?: number }

/** Writes the entries of .debug_info, and for each new shape of an entry an abbreviation. */
export class Entries {
  readonly info = new DwarfBytes()
  readonly abbrev = new DwarfBytes()
  readonly strings = new Strings()
  readonly #abbreviations = new Map<string, number>()
  readonly #places = new Map<EntryKey, number>()
  readonly #wanted: { readonly at: number; readonly entry: EntryKey }[] = []

  /** Remembers that the next entry is the one of a key. */
  define(key: EntryKey): void {
    // References count from the unit's first byte, which is the section's.
    this.#places.set(key, this.info.length)
  }

  /** Writes an entry; those below it follow when it has `children`, and then {@link end}. */
  add(tag: number, attributes: readonly Attribute[], children = false): void {
    this.info.uleb(this.#abbreviation(tag, attributes, children))
    for (const [, form, value] of attributes) this.#value(form, value)
  }

  end(): void {
    this.info.u8(0)
  }

  /** Fills in references between entries, and ends the abbreviations. */
  finish(): void {
    for (const { at, entry } of this.#wanted) this.info.patch(at, this.#places.get(entry) ?? 0)
    this.abbrev.u8(0)
  }

  #abbreviation(tag: number, attributes: readonly Attribute[], children: boolean): number {
    const key = `${tag} ${children} ${attributes.map(([attribute, form]) => `${attribute}:${form}`).join(" ")}`
    let code = this.#abbreviations.get(key)
    if (code === undefined) {
      code = this.#abbreviations.size + 1
      this.#abbreviations.set(key, code)
      this.abbrev.uleb(code)
      this.abbrev.uleb(tag)
      this.abbrev.u8(children ? 1 : 0)
      for (const [attribute, form] of attributes) {
        this.abbrev.uleb(attribute)
        this.abbrev.uleb(FORM[form])
      }
      this.abbrev.u8(0, 0)
    }
    return code
  }

  #value(form: FormName, value: Value): void {
    const { info } = this
    if (typeof value === "string") info.reference("str", 4, this.strings.add(value))
    else if (value instanceof Uint8Array) {
      info.uleb(value.length)
      info.u8(...value)
    } else if (typeof value === "object") {
      if ("to" in value) info.reference(value.to, form === "addr" ? 8 : 4, value.addend)
      else {
        this.#wanted.push({ at: info.length, entry: value.entry })
        info.u32(0)
      }
    } else if (form === "sdata") info.sleb(BigInt(value))
    else if (form === "udata") info.uleb(Number(value))
    else if (form === "data1") info.u8(Number(value))
    else if (form === "data2") info.u16(Number(value))
    else if (form === "data4") info.u32(Number(value))
    else if (form === "addr") info.u64(Number(value))
  }
}

/** .debug_str: each text once. */
class Strings {
  readonly bytes = new DwarfBytes()
  readonly #offsets = new Map<string, number>()

  add(text: string): number {
    let offset = this.#offsets.get(text)
    if (offset === undefined) {
      offset = this.bytes.length
      this.#offsets.set(text, offset)
      this.bytes.text(text)
    }
    return offset
  }
}
