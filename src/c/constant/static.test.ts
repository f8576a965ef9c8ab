import assert from "node:assert/strict"
import { test } from "node:test"
import { messages, parseC } from "../../../tests/support/parseC.ts"
import { staticData } from "../index.ts"

/** The bytes of the initialised variable `x`, in hex, and its relocations as `@offset symbol+addend`. */
function holds(text: string, expected: string): void {
  test(`${text} ⇒ ${expected}`, () => {
    const { unit, diagnostics } = parseC(text)
    assert.deepEqual(messages(diagnostics), [])
    const decl = unit?.decls.find(d => d.kind === "var" && d.name === "x")
    assert.ok(decl?.kind === "var")
    const { bytes, relocations } = staticData(decl.type, decl.init)
    const hex = Buffer.from(bytes).toString("hex")
    const relocs = relocations.map(({ at, symbol, offset }) => {
      const name = "name" in symbol ? symbol.name : symbol.kind
      return ` @${at} ${name}+${offset}`
    })
    assert.equal(hex + relocs.join(""), expected)
  })
}

holds("int x;", "00000000")
holds("int x = -2;", "feffffff")
holds("unsigned long x = 1UL << 40;", "0000000000010000")
holds("short x[] = {1, [3] = 2};", "0100000000000200")
holds('char x[4] = "ab";', "61620000")
holds("char x[2] = {1, 2}, y;", "0102")
holds("struct { char a; int b; } x = {1, 2};", "0100000002000000")
holds("struct { int a : 3, b : 5; unsigned c : 24; } x = {-1, 2, 0xabcdef};", "17efcdab")
holds("union { int a; char b; } x = {.b = 7};", "07000000")
holds("char x[] = {[0 ... 2] = 5, [1] = 6};", "050605")
holds("struct { struct { char a, b; } s[2]; char c; } x = {1, 2, 3, 4, 5};", "0102030405")
holds("struct { struct { char a, b; } s; } x = {.s.b = 2, .s.a = 1};", "0102")
holds("struct { char a; struct { char b, c; }; } x = {.c = 3, .a = 1};", "010003")
holds("_Bool x[2] = {3, 0};", "0100")
holds("int y; int *x = &y;", "0000000000000000 @0 y+0")
holds("int y[4]; int *x = y + 2;", "0000000000000000 @0 y+8")
holds("struct { int a, b[3]; } y; int *x = &y.b[2];", "0000000000000000 @0 y+12")
holds("int f(void); int (*x)(void) = f;", "0000000000000000 @0 f+0")
holds('const char *x = "abc" + 1;', "0000000000000000 @0 string+1")
holds(
  "int y; struct { char c; unsigned long p; } x = {1, (unsigned long)&y - 1};",
  "01000000000000000000000000000000 @8 y+-1",
)
holds("int *x = (int[]){1, 2};", "0000000000000000 @0 compound+0")
holds("struct s { int a, b; }; struct s x = (struct s){1, 2};", "0100000002000000")
holds("void *x = 0;", "0000000000000000")
holds("void *x = (void *)-1;", "ffffffffffffffff")
holds("__int128 x = -1;", "ffffffffffffffffffffffffffffffff")
