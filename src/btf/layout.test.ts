import assert from "node:assert/strict"
import { test } from "node:test"
import { compilers, runNative } from "../../tests/support/native.ts"
import { describeRecord, parseRecord, recordProgram } from "../../tests/support/records.ts"
import { layoutRecord } from "./index.ts"

/** Each line is C: what this room's layout gives is compared with what the compilers of the machine give. */
const CASES = `
struct { }
struct { char a; }
struct { char a; s32 b; }
struct { char a; s64 b; char c; }
struct { char a; s16 b; char c; s32 d; char e; }
struct { u8 a; u128 b; }
struct { s128 a; char b; }
struct { _Bool a; double b; float c; _Bool d; }
struct { char a; ptr b; char c[3]; }
struct { s32 n; u64 tail[]; }
struct { s16 n; char tail[]; }
struct { char a; s32 none[0]; char b; }
struct { u32 a : 3; u32 b : 5; u32 c : 24; u32 d : 1; }
struct { u32 a : 31; u32 b : 2; }
struct { u8 a : 3; u8 b : 6; u8 c : 7; }
struct { u8 a : 3; u32 b : 6; u8 c : 7; }
struct { u8 a; u32 b : 24; }
struct { u8 a; u32 b : 25; }
struct { u16 a : 9; u8 b : 7; u32 c : 17; }
struct { u64 a : 33; u64 b : 31; u64 c : 1; }
struct { u64 a : 40; u32 b : 24; u32 c : 20; }
struct { u128 a : 100; u64 b : 28; u128 c : 127; }
struct { _Bool a : 1; _Bool b : 1; u32 c : 30; }
struct { s32 a : 5; s32 : 0; s32 b : 5; }
struct { char a; s32 : 0; char b; }
struct { char a; s64 : 0; char b; }
struct { char a : 1; s16 : 0; char b : 1; }
struct { char a; s32 : 5; char b; }
struct { char a; s64 : 40; char b; }
struct { s32 : 0; char b; }
struct { char a : 4; s32 : 28; s32 b; }
struct { char a; char b : 4; s32 c; }
struct { u32 a : 4; char b; u32 c : 4; }
union { char a; s32 b; char c[5]; }
union { u32 a : 3; u8 b; }
union { u32 a : 3; u16 b[3]; u64 c : 33; }
union { char a; u32 : 0; }
union { char a; u32 : 7; }
union { }
struct { char a; union { s32 b; char c; }; char d; }
struct { char a; struct { s64 b; char c; } in; char d; }
struct { s32 a; struct { char b; struct { s16 c; char d; }; }; char e; }
struct { char a; struct { s16 x; char y; } in[3]; s32 b; }
struct { char a; struct { u32 x : 3; u32 y : 30; }; u8 b; }
PACKED struct { char a; s32 b; char c; }
PACKED struct { char a; s64 b; u128 c; }
PACKED struct { u32 a : 3; u32 b : 31; char c; }
PACKED struct { u8 a : 7; u64 b : 50; u8 c : 7; s32 d; }
PACKED struct { char a; s32 : 0; char b; }
PACKED struct { char a : 3; s32 : 0; char b; }
PACKED struct { char a : 3; s32 : 7; char b : 2; }
PACKED struct { char a; struct { s64 b; char c; } in; char d; }
PACKED union { char a; s32 b; char c[5]; }
PACKED ALIGNED(4) struct { char a; s64 b; }
PACKED ALIGNED(2) struct { char a; s64 b; char c; }
ALIGNED(64) struct { char a; s32 b; }
ALIGNED(2) struct { s64 a; char b; }
ALIGNED(16) union { char a[17]; }
struct { char a; PACKED s32 b; char c; }
struct { char a; PACKED s32 b; s32 c; }
struct { char a; PACKED u32 b : 30; u32 c : 3; }
struct { u8 a : 7; PACKED u8 b : 7; u8 c : 2; }
struct { char a; ALIGNED(16) s32 b; char c; }
struct { char a; ALIGNED(2) s32 b; char c; }
struct { char a; PACKED ALIGNED(2) s32 b; char c; }
PACKED struct { char a; ALIGNED(4) s32 b; char c; }
PACKED struct { char a; ALIGNED(4) s64 b; char c; }
struct { char a; ALIGNED(8) u32 b : 3; u32 c : 4; }
PACKED struct { char a; ALIGNED(4) u32 b : 3; u32 c : 4; }
struct { char a; ALIGNED(64) char b[3]; char c; }
struct { char a; ALIGNED(8) struct { char x; } b; char c; }
`
  .split("\n")
  .filter(line => line !== "")

const judges = compilers("gcc", "clang", "clang-14")
const skip = judges.length === 0 ? "neither gcc nor clang is installed" : false

test("records of the table are laid out as C compilers do", { skip }, async t => {
  for (const judge of judges) {
    const lines = runNative(judge, recordProgram(CASES)).split("\n")
    for (const [i, text] of CASES.entries()) {
      await t.test(`${judge}: ${text}`, () => assert.equal(describeRecord(parseRecord(text)), lines[i]))
    }
  }
})

test("random records are laid out as C compilers do", { skip }, () => {
  const random = generator(Number(process.env.SKEP_SEED ?? 20151102))
  const texts = Array.from({ length: 300 }, () => randomRecord(random))
  for (const judge of judges) {
    const lines = runNative(judge, recordProgram(texts)).split("\n")
    for (const [i, text] of texts.entries())
      assert.equal(describeRecord(parseRecord(text)), lines[i], `${judge}: ${text}`)
  }
})

test("#pragma pack limits the alignment of members", { skip }, () => {
  const text = `#include <stdio.h>
    #include <stddef.h>
    #pragma pack(2)
    struct s { char a; int b; long c; char d; unsigned e : 30; unsigned f : 5; char g; int h __attribute__((aligned(8))); };
    int main(void) {
      printf("%zu/%zu %zu %zu %zu %zu %zu", sizeof(struct s), _Alignof(struct s), offsetof(struct s, b),
             offsetof(struct s, c), offsetof(struct s, d), offsetof(struct s, g), offsetof(struct s, h));
    }`
  const char = { size: 1, align: 1 }
  const int = { size: 4, align: 4 }
  const { size, align, bitOffsets } = layoutRecord(
    [
      char,
      int,
      { size: 8, align: 8 },
      char,
      { ...int, bitWidth: 30 },
      { ...int, bitWidth: 5 },
      char,
      { ...int, alignedTo: 8 },
    ],
    { pack: 2 },
  )
  const offsets = [1, 2, 3, 6, 7].map(i => bitOffsets[i] / 8)
  for (const judge of judges) assert.equal(runNative(judge, text), `${size}/${align} ${offsets.join(" ")}`, judge)
})

/** Numbers below n, the same ones for the same seed. */
function generator(seed: number): (n: number) => number {
  let state = seed >>> 0
  return n => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

function randomRecord(random: (n: number) => number): string {
  let names = 0
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]
  const attributes = (often: number): string =>
    (random(often) === 0 ? "PACKED " : "") + (random(often) === 0 ? `ALIGNED(${1 << random(5)}) ` : "")
  const body = (depth: number): string => {
    const union = random(5) === 0
    const members = Array.from({ length: 1 + random(7) }, () => member(depth, union))
    return `${union ? "union" : "struct"} { ${members.join(" ")} }`
  }
  const member = (depth: number, inUnion: boolean): string => {
    const name = `m${names++}`
    if (depth < 3 && random(8) === 0) {
      return `${body(depth + 1)}${random(2) === 0 ? "" : ` ${name}`};`
    }
    if (random(2) === 0) {
      const [type, bits] = pick([
        ["u8", 8],
        ["u16", 16],
        ["u32", 32],
        ["u64", 64],
        ["_Bool", 1],
        ["s32", 32],
      ] as const)
      if (!inUnion && random(12) === 0)
        return `${type === "_Bool" ? "u8" : type} : ${random(4) === 0 ? 0 : 1 + random(bits)};`
      return `${random(8) === 0 ? "PACKED " : ""}${type} ${name} : ${1 + random(bits)};`
    }
    const type = pick(["char", "u8", "s16", "s32", "u64", "u128", "_Bool", "ptr", "double"])
    return `${attributes(10)}${type} ${name}${random(5) === 0 ? `[${random(4)}]` : ""};`
  }
  return attributes(4) + body(0)
}
