import type { DecodeOptions, Decoder } from "./decode.ts"
import type { Shape } from "./shape.ts"

/** Most reads in generated code: larger values go through the decoders that are put together of functions. */
const MAX_READS = 256
/** Longest array whose elements are read without a loop. */
const MAX_ELEMENTS = 16

const READS: Readonly<Record<string, string>> = {
  i1: "Int8",
  u1: "Uint8",
  i2: "Int16",
  u2: "Uint16",
  i4: "Int32",
  u4: "Uint32",
  i8: "BigInt64",
  u8: "BigUint64",
}

/**
 * A decoder for values of a shape, made of generated code, several times as fast as one that is put together of functions:
 * the engine sees one object literal with its members in their order.
 *
 *     struct { u32 a; u64 b; }   →   {"a":v.getUint32(p+0,true),"b":v.getBigUint64(p+8,true)}
 *
 * What the code does not cover, `other` decodes. Undefined where the value is too large for it, or where code may not be
 * generated (a page's content security policy).
 */
export function generatedDecoder(
  shape: Shape,
  littleEndian: boolean,
  options: DecodeOptions,
  other: (shape: Shape) => Decoder,
): Decoder | undefined {
  if (shape.kind !== "record" && shape.kind !== "array") return undefined
  const others: Decoder[] = []
  let reads = 0

  const code = (part: Shape, at: number): string => {
    reads++
    if (reads > MAX_READS) return "0"
    const place = `p+${at}`
    switch (part.kind) {
      case "bool":
        if (part.bits === undefined) return `v.getUint8(${place})!==0`
        break
      case "int":
      case "enum": {
        const read = READS[(part.signed ? "i" : "u") + part.size]
        const named = part.kind === "enum" && options.enums === "name"
        if (part.bits === undefined && read !== undefined && !named) return `v.get${read}(${place},${littleEndian})`
        break
      }
      case "float":
        if (part.size === 4 || part.size === 8) return `v.getFloat${part.size * 8}(${place},${littleEndian})`
        break
      case "array": {
        const { element, count, flexible } = part
        if (flexible || count > MAX_ELEMENTS) break
        return `[${Array.from({ length: count }, (_, i) => code(element, at + i * element.size)).join()}]`
      }
      case "record": {
        // In a literal the name __proto__ would set the prototype, and of two members of one name the last one counts.
        if (part.fields.some(f => f.name === "__proto__")) break
        return `{${part.fields.map(f => `${JSON.stringify(f.name)}:${code(f.shape, at + f.offset)}`).join()}}`
      }
    }
    return `o[${others.push(other(part)) - 1}](v,${place},e)`
  }

  const text = code(shape, 0)
  if (reads > MAX_READS) return undefined
  try {
    return new Function("o", `return (v,p,e)=>(${text})`)(others) as Decoder
  } catch {
    return undefined
  }
}
