import { arithmetic, bitwise, compares, conversions, oldStyle } from "./arithmetic.ts"
import { builtins, programs } from "./builtins.ts"
import { calls, cleanups, control, sizes } from "./flow.ts"
import { loops } from "./loops.ts"
import { arrays, bitFields, records } from "./memory.ts"
import type { OracleFunction } from "./oracleFunction.ts"
import { strings } from "./strings.ts"
import { wide } from "./wide.ts"

export type { OracleFunction }

/** What every function may use. */
export const prelude = `typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef short s16; typedef int s32; typedef long long s64;
typedef __int128 s128; typedef unsigned __int128 u128;
`

const half = 0x8000000000000000n
const ones = 0xffffffffffffffffn

/** Arguments that every function is tried with. */
export const oracleArguments: readonly (readonly [bigint, bigint, bigint])[] = [
  [0n, 0n, 0n],
  [1n, 2n, 3n],
  [7n, 3n, 100n],
  [ones, 1n, 5n],
  [ones, ones, ones],
  [half, ones, 63n],
  [half - 1n, half, 1n],
  [0x80000000n, 0xffffffffn, 31n],
  [0x7fffffffn, 0x80000000n, 8n],
  [0xffn, 0x80n, 16n],
  [0x8000n, 0xffffn, 17n],
  [0x0123456789abcdefn, 0xfedcba9876543210n, 13n],
  [0xdeadbeefcafebaben, 0x00000000ffff0001n, 47n],
  [12345678901234567890n, 987654321n, 255n],
]
/** Every function of the table. */
export const oracleFunctions: readonly OracleFunction[] = [
  ...arithmetic,
  ...bitwise,
  ...conversions,
  ...compares,
  ...control,
  ...arrays,
  ...records,
  ...bitFields,
  ...calls,
  ...cleanups,
  ...strings,
  ...wide,
  ...builtins,
  ...sizes,
  ...oldStyle,
  ...programs,
  ...loops,
]
