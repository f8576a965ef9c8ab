import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { parseC } from "../../../tests/support/parseC.ts"
import { dumpAst, printUnit } from "../index.ts"

/** Any text must end in a unit or in reported errors; what has no errors must print to a text that parses to the same tree. */
function survives(text: string): void {
  const { unit, diagnostics } = parseC(text)
  assert.ok(unit !== undefined || diagnostics.errors > 0)
  for (const d of diagnostics.list) assert.match(d.code, /^(C|PP)_[A-Z0-9_]+$/, d.message)
  if (unit === undefined || diagnostics.errors > 0) return
  const printed = printUnit(unit)
  const again = parseC(printed)
  assert.equal(again.diagnostics.errors, 0, `${text}\n--- printed\n${printed}\n${again.diagnostics.list[0]?.message}`)
  assert.ok(again.unit)
  assert.equal(bare(dumpAst(again.unit)), bare(dumpAst(unit)), `${text}\n--- printed\n${printed}`)
}

function bare(tree: string): string {
  return tree
    .replace(/ t\.c:\d+:\d+/g, "")
    .replace(/anonymous_\d+/g, "(anonymous)")
    .replace(/^ *decl\n/gm, "")
}

const WORDS =
  "int char long unsigned void struct union enum typedef static const volatile extern inline if else while for do switch case default break continue return goto sizeof typeof _Generic _Static_assert _Alignas __attribute__ asm __auto_type __int128 _Bool a b c s T f g x 0 1 2 42 3u 5L 'c' \"str\" 1.5 ( ) ( ) [ ] { } { } ; ; , . -> ++ -- & * + - ~ ! / % << >> < > <= >= == != ^ | && || ? : = += -= ... __builtin_memset __builtin_offsetof __sync_fetch_and_add packed aligned".split(
    " ",
  )

const SEEDS = [
  "typedef unsigned int u32 ; struct s { u32 a ; char b [ 4 ] ; union { int c ; long d ; } ; } ; static int f ( struct s * p , u32 n ) { return p -> a + n * sizeof ( * p ) ; }",
  "enum e { A , B = 3 , C } ; int g ( int x ) { switch ( x ) { case A : return 1 ; case B ... C : break ; default : x ++ ; } return x ? x : - 1 ; }",
  "int h ( int n ) { int a [ 3 ] = { 1 , 2 , [ 2 ] = 5 } ; for ( int i = 0 ; i < 3 ; i ++ ) { if ( a [ i ] == n ) goto out ; n += a [ i ] ; } out : return n ; }",
  "struct p { int x , y ; } v = { . y = 2 , . x = 1 } ; long k ( void ) { struct p q = { } ; q . x = ( { int t = v . x ; t * 2 ; } ) ; return ( long ) & q + q . x ; }",
  'typedef int ( * fn ) ( void * , ... ) ; fn t [ 2 ] ; int m ( void * c ) { int r = t [ 1 ] ( c , 1 , "x" ) ; do { r -- ; } while ( r > 0 ) ; return r || ! c ; }',
]

const words = (max: number) => fc.array(fc.constantFrom(...WORDS), { maxLength: max }).map(list => list.join(" "))

test("random words neither crash nor hang the parser", () => {
  fc.assert(fc.property(words(60), survives), { numRuns: 400 })
})

test("random words in a function neither crash nor hang the parser", () => {
  const inside = words(40).map(
    text => `typedef int T; struct s { int a; }; int f(struct s *s, int a, char *b) { ${text} ; }`,
  )
  fc.assert(fc.property(inside, survives), { numRuns: 400 })
})

test("programs with words changed, lost and swapped neither crash nor hang the parser", () => {
  const edit = fc.record({
    at: fc.nat(200),
    kind: fc.constantFrom("replace", "remove", "insert", "double"),
    word: fc.constantFrom(...WORDS),
  })
  const mutated = fc
    .tuple(fc.constantFrom(...SEEDS), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([seed, edits]) => {
      const list = seed.split(" ")
      for (const { at, kind, word } of edits) {
        const i = at % list.length
        if (kind === "replace") list[i] = word
        else if (kind === "remove") list.splice(i, 1)
        else list.splice(i, 0, kind === "insert" ? word : list[i])
      }
      return list.join(" ")
    })
  fc.assert(fc.property(mutated, survives), { numRuns: 1000 })
})

for (const seed of SEEDS) test(`unchanged: ${seed}`, () => survives(seed))

/** Nesting without end is refused by a message, not by the machine's stack. */
function tooDeep(name: string, text: string): void {
  test(`${name} nested too deep`, () => {
    const { diagnostics } = parseC(text)
    assert.equal(diagnostics.list.find(d => d.severity === "error")?.code, "C_TOO_DEEP")
  })
}

const many = (text: string, count = 100_000) => text.repeat(count)
tooDeep("brackets", `int x = ${many("(")}1${many(")")};`)
tooDeep("open brackets", `int x = ${many("(")}`)
tooDeep("minus", `int x = ${many("- ")}1;`)
tooDeep("not", `int x = ${many("!")}1;`)
tooDeep("pointers", `int ${many("*")}x;`)
tooDeep("declarators", `int ${many("(")}x${many(")")};`)
tooDeep("arrays", `int x${many("[1]")};`)
tooDeep("parameters", `int f(${many("int (*)(", 20_000)}`)
tooDeep("blocks", `int f(void) ${many("{")}${many("}")}`)
tooDeep("if", `int f(int a) { ${many("if (a) ", 50_000)} return 1; }`)
tooDeep("else if", `int f(int a) { ${many("if (a) ; else ", 50_000)} return 1; }`)
tooDeep("loops", `int f(int a) { ${many("for (;;) ", 50_000)} return 1; }`)
tooDeep("labels", `int f(int a) { ${Array.from({ length: 50_000 }, (_, i) => `l${i}:`).join(" ")} return 1; }`)
tooDeep("records", `${many("struct { ", 50_000)}`)
tooDeep("initialisers", `int x = ${many("{")}`)
tooDeep("conditionals", `int x = ${many("1 ? ", 50_000)}`)
tooDeep("conditionals on the right", `int x = ${many("1 ? 1 : ", 50_000)} 1;`)
tooDeep("assignments", `int f(int a) { ${many("a = ", 50_000)} 1; }`)
tooDeep("sums", `int x = ${many("1 + ", 50_000)} 1;`)
tooDeep("commas", `int f(int a) { ${many("a, ", 50_000)} 1; }`)
tooDeep("members", `struct s { struct s *n; }; void f(struct s *s) { s${many("->n", 50_000)}; }`)
tooDeep("casts", `int x = ${many("(int)", 50_000)} 1;`)
tooDeep("sizeof", `int x = ${many("sizeof ", 50_000)} 1;`)
tooDeep("typeof", `int x; ${many("typeof(", 50_000)}`)
tooDeep("statement expressions", `int f(void) { ${many("({ ", 50_000)}`)
tooDeep("generic selections", `int x = ${many("_Generic(", 50_000)}`)
tooDeep("designators", `int x = {${many("[1]", 50_000)}`)
tooDeep("alignments", `${many("_Alignas(", 50_000)}`)
tooDeep("attributes", `int x ${many("__attribute__((aligned(sizeof(struct { int x ", 20_000)}`)
tooDeep("enums", `${many("enum { A = sizeof(", 20_000)}`)
tooDeep("bit-fields", `${many("struct { int a : sizeof(", 20_000)}`)
