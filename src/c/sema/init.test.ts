import assert from "node:assert/strict"
import { test } from "node:test"
import { messages, parseC } from "../../../tests/support/parseC.ts"
import { printUnit } from "../index.ts"

/** One case: an initialiser with its braces left out or its designators given, and the same one in full. */
function means(text: string, full: string): void {
  test(`${text} ⇒ ${full}`, () => {
    const { unit, diagnostics } = parseC(text)
    assert.deepEqual(messages(diagnostics), [])
    assert.ok(unit)
    const last = printUnit(unit).trimEnd().split("\n").pop() ?? ""
    assert.equal(last, `${full};`)
  })
}

const s = "struct s { int a, b; }; "
const n = "struct s { int a, b; }; struct n { struct s x; int y[2]; struct s z[2]; }; "
means("int x[] = {1, 2, 3,};", "int x[3] = {1, 2, 3}")
means("int x[3] = {[1] = 5, 6};", "int x[3] = {[1] = 5, [2] = 6}")
means("int x[] = {[2] = 5, [0] = 6, 7};", "int x[3] = {[2] = 5, [0] = 6, [1] = 7}")
means("int x[] = {[0 ... 3] = 5, [1] = 6};", "int x[4] = {[0 ... 3] = 5, [1] = 6}")
means("int x[4] = {[1] 5};", "int x[4] = {[1] = 5}")
means("int x[2][2] = {1, 2, 3};", "int x[2][2] = {{1, 2}, {3}}")
means("int x[2][2] = {{1}, 2, 3};", "int x[2][2] = {{1}, {2, 3}}")
means("int x[][2] = {1, 2, 3};", "int x[2][2] = {{1, 2}, {3}}")
means("int x[2][2] = {[1][0] = 5, 6};", "int x[2][2] = {[1] = {5, 6}}")
means("int x[2][2] = {[0][1] = 5, 6};", "int x[2][2] = {{[1] = 5}, {6}}")
means("int x = {5};", "int x = 5")
means("int x = {{5}};", "int x = 5")
means(`${s}struct s x = {.b = 1, .a = 2};`, "struct s x = {.b = 1, .a = 2}")
means(`${s}struct s x = {b: 1};`, "struct s x = {.b = 1}")
means(`${s}struct s x = {.a = 1, 2};`, "struct s x = {1, 2}")
means(`${s}struct s x[] = {1, 2, 3, 4};`, "struct s x[2] = {{1, 2}, {3, 4}}")
means(`${s}struct s x[] = {{1}, 3, 4};`, "struct s x[2] = {{1}, {3, 4}}")
means(`${s}struct s x[3] = {[1].b = 5, 6, 7};`, "struct s x[3] = {[1] = {.b = 5}, [2] = {6, 7}}")
means(`${s}struct s x[3] = {[1].b = 5, [1].a = 4};`, "struct s x[3] = {[1] = {.b = 5, .a = 4}}")
means(`${n}struct n x = {1, 2, 3, 4, 5, 6, 7, 8};`, "struct n x = {{1, 2}, {3, 4}, {{5, 6}, {7, 8}}}")
means(`${n}struct n x = {.x.b = 1, 2, 3, 4, 5};`, "struct n x = {{.b = 1}, {2, 3}, {{4, 5}}}")
means(`${n}struct n x = {.y[1] = 1, 2};`, "struct n x = {.y = {[1] = 1}, .z = {{2}}}")
means(`${n}struct n x = {.z[1].b = 1, .x = {3}};`, "struct n x = {.z = {[1] = {.b = 1}}, .x = {3}}")
means(`${n}struct n x = {.x = {1, 2}, .x.b = 3};`, "struct n x = {{1, 3}}")
means(`${n}struct n x = {{1, 2}, {3}, .x.a = 5, .y[1] = 6};`, "struct n x = {{.b = 2, .a = 5}, {3, 6}}")
means("struct { int a, b; } x[4] = {[0 ... 3] = {1, 2}, [1].b = 5};", "} x[4] = {[0 ... 3] = {1, 2}, [1] = {1, 5}}")
means("int x[2][2] = {{1, 2}, {3, 4}, [0] = {5}};", "int x[2][2] = {[1] = {3, 4}, [0] = {5}}")
means("union { int a; char b; } x = {1};", "} x = {1}")
means("union { int a; char b; } x = {.b = 1};", "} x = {.b = 1}")
means("union { int a; char b; } x = {.a = 1, .b = 2};", "} x = {.b = 2}")
means("struct { int a; struct { int b, c; }; int d; } x = {1, 2, 3, 4};", "} x = {1, {2, 3}, 4}")
means("struct { int a; struct { int b, c; }; int d; } x = {.c = 3, 4};", "} x = {.c = 3, .d = 4}")
means("struct { int a; struct { int b, c; }; int d; } x = {.b = 1, .c = 2, .a = 3};", "} x = {.b = 1, .c = 2, .a = 3}")
means("struct { int : 3; int a; int : 0; int b; } x = {1, 2};", "} x = {1, 2}")
means("struct { struct { } e; int a; } x = {1};", "} x = {.a = 1}")
means('char x[] = "abc"; _Static_assert(sizeof(x) == 4, "size");', 'char x[] = "abc"')
means('char x[] = {"a" "b"}; _Static_assert(sizeof(x) == 3, "size");', 'char x[] = "ab"')
means('char x[2][4] = {"ab", "cd"};', 'char x[2][4] = {"ab", "cd"}')
means('struct { char a[4]; int b; } x = {"ab", 5};', '} x = {"ab", 5}')
means('struct { char a[4]; int b; } x = {.a = "ab", 5};', '} x = {"ab", 5}')
means("char x[3] = {'a', 'b'};", "char x[3] = {'a', 'b'}")
means('const char *x[] = {"a", "b"};', 'const char *x[2] = {"a", "b"}')
means(`${s}struct s x[1] = {(struct s){1, 2}};`, "struct s x[1] = {(struct s){1, 2}}")
means("int x[] = (int[]){1, 2};", "int x[2] = {1, 2}")
means("int *x = (int[]){1, 2};", "int *x = (int[2]){1, 2}")
means(`${s}struct s x = {};`, "struct s x = {}")
means("int x[2] = {};", "int x[2] = {}")
means("int x = {};", "int x = 0")
