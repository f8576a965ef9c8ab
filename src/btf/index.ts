export { acceptableBtf } from "./acceptable.ts"
export { appendStrings, type BtfStringAppender } from "./append-strings.ts"
export * from "./btf.ts"
export { BtfBuilder, type BtfBuilderOptions, type BtfMemberInput, type BtfTypeInput } from "./builder.ts"
export * from "./copy.ts"
export { typesCompatible } from "./core/compat.ts"
export { essentialName } from "./core/names.ts"
export * from "./core.ts"
export { placeVariables, type SectionPlaces } from "./datasec.ts"
export * from "./ext.ts"
export * from "./format.ts"
export { INDEX_FORMAT } from "./indexed/layout.ts"
export type { ByteSource } from "./indexed/source.ts"
export { indexedBtf } from "./indexed/write.ts"
export * from "./layout.ts"
export * from "./member.ts"
export { type Merged, type MergeInput, mergeBtf, type TypePlace } from "./merge.ts"
export { BTF_VERSIONS, type BtfSince, plainerBtf } from "./plainer.ts"
export { formatDefinition, formatType } from "./print/declare.ts"
export { dump } from "./print/dump.ts"
export { references, withReferences } from "./references.ts"
export { alignOf, POINTER_SIZE, type RecordAlignment, recordAlignment, sizeOf } from "./size.ts"
export * from "./types.ts"
export { CharArray } from "./values/char-array.ts"
export { decodeValue, encodeValue, ValueCodec, valueCodec } from "./values/codec.ts"
export {
  type BigColumn,
  CharColumn,
  type Column,
  type ColumnRecord,
  type ColumnsOf,
  type NumberColumn,
} from "./values/columns.ts"
export type { BtfRecord, BtfValue, DecodeOptions } from "./values/decode.ts"
export type { BtfInput, BtfInputRecord, Given, InputOf } from "./values/encode.ts"
export { type NamedEnum, propertyName, TypeWriter } from "./values/typescript.ts"
