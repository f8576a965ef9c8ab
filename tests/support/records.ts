import { type LayoutField, layoutRecord, type RecordLayout } from "../../src/btf/index.ts"

/**
 * Records in the small part of C that layout tests are written in.
 *
 *     record    = attribute* ("struct" | "union") "{" member* "}"
 *     member    = attribute* type [name] ["[" [count] "]"] [":" width] ";"
 *     type      = record | scalar
 *     attribute = "PACKED" | "ALIGNED(" n ")"
 */
export interface RecordText {
  readonly layout: RecordLayout
  /** Members that have a name, anonymous ones opened. */
  readonly named: readonly { readonly name: string; readonly bitOffset: number; readonly bitField: boolean }[]
}

/** What the attributes and the integer types of record texts stand for in C. */
export const RECORD_PRELUDE = `
#define PACKED __attribute__((packed))
#define ALIGNED(n) __attribute__((aligned(n)))
typedef signed char s8; typedef short s16; typedef int s32; typedef long s64; typedef __int128 s128;
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long u64;
typedef unsigned __int128 u128; typedef void *ptr;
`

/** Scalars of record texts and their bytes, each aligned to its size. */
export const SCALARS: Readonly<Record<string, number>> = {
  char: 1,
  _Bool: 1,
  s8: 1,
  u8: 1,
  s16: 2,
  u16: 2,
  s32: 4,
  u32: 4,
  s64: 8,
  u64: 8,
  s128: 16,
  u128: 16,
  float: 4,
  double: 8,
  ptr: 8,
}

interface Attributes {
  packed?: boolean
  alignedTo?: number
}

interface Member {
  readonly name: string
  readonly field: LayoutField
  /** Of an anonymous record. */
  readonly inner?: RecordText
}

export function parseRecord(text: string): RecordText {
  const tokens = text.match(/\w+|[^\s\w]/g) ?? []
  let at = 0
  const take = (expected?: string): string => {
    const token = tokens[at++]
    if (token === undefined || (expected !== undefined && token !== expected)) {
      throw new Error(`record text: ${expected ?? "more"} expected at token ${at} of: ${text}`)
    }
    return token
  }
  const accept = (token: string): boolean => tokens[at] === token && ++at > 0

  function attributes(): Attributes {
    const found: Attributes = {}
    for (;;) {
      if (accept("PACKED")) found.packed = true
      else if (accept("ALIGNED")) {
        take("(")
        found.alignedTo = Number(take())
        take(")")
      } else return found
    }
  }

  function record(given: Attributes): RecordText {
    const union = take() === "union"
    take("{")
    const members: Member[] = []
    while (!accept("}")) members.push(member())
    const layout = layoutRecord(
      members.map(m => m.field),
      { union, ...given },
    )
    const named: { name: string; bitOffset: number; bitField: boolean }[] = []
    for (const [i, { name, field, inner }] of members.entries()) {
      const bitOffset = layout.bitOffsets[i]
      if (name !== "") named.push({ name, bitOffset, bitField: field.bitWidth !== undefined })
      for (const n of inner?.named ?? []) named.push({ ...n, bitOffset: bitOffset + n.bitOffset })
    }
    return { layout, named }
  }

  function member(): Member {
    const given = attributes()
    let inner: RecordText | undefined
    let size: number
    let align: number
    if (tokens[at] === "struct" || tokens[at] === "union") {
      inner = record({})
      size = inner.layout.size
      align = inner.layout.align
    } else {
      const scalar = take()
      size = align = SCALARS[scalar]
      if (size === undefined) throw new Error(`record text: no scalar ${scalar}`)
    }
    const name = /^\w+$/.test(tokens[at]) ? take() : ""
    if (accept("[")) {
      size *= accept("]") ? 0 : Number(take())
      if (tokens[at - 1] !== "]") take("]")
    }
    const bitWidth = accept(":") ? Number(take()) : undefined
    take(";")
    const field = { size, align, bitWidth, unnamed: name === "", ...given }
    return { name, field, inner: name === "" ? inner : undefined }
  }

  const given = attributes()
  return record(given)
}

/** A C program that prints, for each record text, a line as {@link describeRecord} writes it. */
export function recordProgram(texts: readonly string[]): string {
  const types: string[] = []
  const calls: string[] = []
  for (const [i, text] of texts.entries()) {
    // Attributes in front of "struct" would be those of the variable: they go behind the brace.
    const [, attributes, body] = /^((?:PACKED |ALIGNED\(\d+\) )*)(.*)$/s.exec(text)!
    types.push(`typedef ${body} ${attributes} R${i};`)
    const prints = parseRecord(text).named.map(({ name, bitField }) =>
      bitField
        ? `{ R${i} r; memset(&r, 0, sizeof r); r.${name} = -1; printf(" ${name}@%d", first_bit(&r, sizeof r)); }`
        : `printf(" ${name}@%d", (int)offsetof(R${i}, ${name}) * 8);`,
    )
    calls.push(
      `static void f${i}(void) { printf("%d/%d", (int)sizeof(R${i}), (int)_Alignof(R${i})); ${prints.join(" ")} puts(""); }`,
    )
  }
  return `#include <stdio.h>
#include <stddef.h>
#include <string.h>
${RECORD_PRELUDE}
static int first_bit(const void *p, int size) {
  for (int i = 0; i < size * 8; i++) if (((const u8 *)p)[i / 8] >> (i % 8) & 1) return i;
  return -1;
}
${types.join("\n")}
${calls.join("\n")}
int main(void) { ${texts.map((_, i) => `f${i}();`).join(" ")} return 0; }
`
}

/** `size/align name@bit …` */
export function describeRecord(record: RecordText): string {
  const { size, align } = record.layout
  return [`${size}/${align}`, ...record.named.map(n => `${n.name}@${n.bitOffset}`)].join(" ")
}

/** C that defines each record text as `struct R0` or `union R0` and so on, with a variable of each. */
export function recordProgramTypes(texts: readonly string[]): string {
  return texts
    .map((text, i) => {
      const [, attributes, kind, body] = /^((?:PACKED |ALIGNED\(\d+\) )*)(struct|union)(.*)$/s.exec(text)!
      return `${kind} R${i} ${body} ${attributes}; ${kind} R${i} r${i};\n`
    })
    .join("")
}
