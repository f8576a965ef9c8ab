import { wasmPlatform } from "./host.ts"

/** The vector instructions of WebAssembly that the translation uses, behind the prefix 0xfd. Source: WebAssembly core specification 2.0, appendix A.7. */
export const Simd = {
  load: 0x00,
  load16x4S: 0x03,
  load16x4U: 0x04,
  store: 0x0b,
  const: 0x0c,
  shuffle: 0x0d,
  i8x16Splat: 0x0f,
  i16x8Splat: 0x10,
  i32x4Splat: 0x11,
  i64x2Splat: 0x12,
  i32x4ExtractLane: 0x1b,
  i32x4Eq: 0x37,
  i32x4Ne: 0x38,
  i32x4LtS: 0x39,
  i32x4LtU: 0x3a,
  i32x4GtS: 0x3b,
  i32x4GtU: 0x3c,
  i32x4LeS: 0x3d,
  i32x4LeU: 0x3e,
  i32x4GeS: 0x3f,
  i32x4GeU: 0x40,
  not: 0x4d,
  and: 0x4e,
  or: 0x50,
  xor: 0x51,
  bitselect: 0x52,
  store32Lane: 0x5a,
  store64Lane: 0x5b,
  load32Zero: 0x5c,
  i16x8ExtendLowI8x16S: 0x87,
  i16x8ExtendLowI8x16U: 0x89,
  i32x4Neg: 0xa1,
  i32x4ExtendLowI16x8S: 0xa7,
  i32x4ExtendLowI16x8U: 0xa9,
  i32x4Shl: 0xab,
  i32x4ShrS: 0xac,
  i32x4ShrU: 0xad,
  i32x4Add: 0xae,
  i32x4Sub: 0xb1,
  i32x4Mul: 0xb5,
} as const

/** What vector instructions begin with. */
export const SIMD_PREFIX = 0xfd

/** The type of vectors. */
export const V128 = 0x7b

/** `(func (drop (i32x4.splat (i32.const 0))))` as a module. */
const PROBE = [
  [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  [1, 4, 1, 0x60, 0, 0],
  [3, 2, 1, 0],
  [10, 9, 1, 7, 0, 0x41, 0, SIMD_PREFIX, Simd.i32x4Splat, 0x1a, 0x0b],
].flat()

let answer: boolean | undefined

/** Whether the platform takes vector instructions (since Chrome 91, Firefox 89, Safari 16.4, Node 16.4; not on every processor). */
export const hasSimd = (): boolean => (answer ??= wasmPlatform()?.validate(new Uint8Array(PROBE)) ?? false)
