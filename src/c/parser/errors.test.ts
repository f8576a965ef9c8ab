import assert from "node:assert/strict"
import { test } from "node:test"
import { messages, parseC } from "../../../tests/support/parseC.ts"

/** One case: a file gives exactly these diagnostics. */
function complains(text: string, ...expected: string[]): void {
  test(`${text} ⇒ ${expected[0]}`, () => assert.deepEqual(messages(parseC(text).diagnostics), expected))
}

/** One case: a statement in a function of a few variables gives exactly these diagnostics. */
function inside(statement: string, ...expected: string[]): void {
  const head =
    "struct s { int num; char *text; const int fixed; unsigned bits : 3; }; struct t { int x; }; union u { int a; }; int g(int a, char *b); void nothing(void);"
  const variables =
    "int i, unsigned u, char *p, const char *cp, int *ip, struct s *sp, struct t tv, void *vp, int (*fp)(int)"
  test(`${statement} ⇒ ${expected[0] ?? "nothing"}`, () => {
    const { diagnostics } = parseC(`${head} void f(${variables}) { ${statement} }`)
    assert.deepEqual(messages(diagnostics), expected)
  })
}

// names
inside("x = 1;", "error: use of undeclared identifier 'x'")
inside("int count; conut = 1;", "error: use of undeclared identifier 'conut'; did you mean 'count'?")
inside("missing(1);", "error: call to undeclared function 'missing'")
inside("nothin();", "error: call to undeclared function 'nothin'; did you mean 'nothing'?")
inside("bad = 1; bad = 2;", "error: use of undeclared identifier 'bad'")
inside(
  "bad1 = 1; bad2 = 2;",
  "error: use of undeclared identifier 'bad1'",
  "error: use of undeclared identifier 'bad2'",
)
inside("foo_t x;", "error: unknown type name 'foo_t'")
inside("foo_t *x = 0;", "error: unknown type name 'foo_t'")
inside("t *x;", "error: unknown type name 't'; did you mean 'struct t'?")
complains("typedef int number; numbr x;", "error: unknown type name 'numbr'; did you mean 'number'?")
complains("int f(foo x, int y) { return y; }", "error: unknown type name 'foo'")
inside("int i = 1; { int i = 2; i++; } i++;", "error: redefinition of 'i'")
inside("int a; int a;", "error: redefinition of 'a'")
inside("enum { A }; int A;", "error: redefinition of 'A' as a different kind of symbol")
inside("goto out;", "error: use of undeclared label 'out'")
inside("out: i = 1;")
inside("goto l; l: l: i = 1;", "error: redefinition of label 'l'")
complains("int f(int a, int a);", "error: redefinition of parameter 'a'")
complains("int x; char x;", "error: redefinition of 'x' with a different type: 'char' vs 'int'")
complains("int x = 1; int x = 2;", "error: redefinition of 'x'")
complains("int f(int); int f(char *);", "error: conflicting types for 'f' ('int (char *)' vs 'int (int)')")
complains("int f(void) { return 1; } int f(void) { return 2; }", "error: redefinition of 'f'")
complains("int f; void f(void);", "error: redefinition of 'f' as a different kind of symbol")
complains("typedef int a; typedef long a;", "error: typedef redefinition with different types ('long' vs 'int')")
complains("struct s { int a; }; struct s { int b; };", "error: redefinition of 's'")
complains("struct s { int a; int a; };", "error: duplicate member 'a'")
complains("struct s { int a; struct { char a; }; };", "error: duplicate member 'a'")
complains("struct s *p; union s *q;", "error: 'union s': 's' is declared as a struct")
complains("enum e { A, A };", "error: redefinition of 'A'")
complains("int x; static int x;", "error: static declaration of 'x' follows non-static declaration")
complains(
  "int f(void); static int f(void) { return 1; }",
  "error: static declaration of 'f' follows non-static declaration",
)

// members
inside("sp->nmu = 1;", "error: no member named 'nmu' in 'struct s'; did you mean 'num'?")
inside("tv.zzzzz = 1;", "error: no member named 'zzzzz' in 'struct t'")
inside("sp.num = 1;", "error: member reference type 'struct s *' is a pointer; did you mean to use '->'?")
inside("tv->x = 1;", "error: member reference type 'struct t' is not a pointer; did you mean to use '.'?")
inside("i.x = 1;", "error: member reference base type 'int' is not a structure or union")
inside("ip->x = 1;", "error: member reference base type 'int *' is not a structure or union")
inside("struct later *l = vp; l->x = 1;", "error: incomplete type 'struct later' where a complete type is needed")
inside("&sp->bits;", "error: address of bit-field 'bits' requested")
inside("sizeof(sp->bits);", "error: invalid application of 'sizeof' to bit-field")

// calls
inside("g(1);", "error: too few arguments to function 'g', expected 2, have 1")
inside("g(1, p, 3);", "error: too many arguments to function 'g', expected 2, have 3")
inside("fp();", "error: too few arguments to function call, expected 1, have 0")
inside("i(1);", "error: called object type 'int' is not a function or function pointer")
inside("g(tv, p);", "error: passing 'struct t' to parameter of incompatible type 'int'")
inside("g(1, ip);", "warning: incompatible pointer types passing 'int *' to parameter of type 'char *'")
inside("g(1, cp);", "warning: passing 'const char *' to parameter of type 'char *' discards qualifiers")
inside("g(1, 5);", "warning: incompatible integer to pointer conversion passing 'int' to parameter of type 'char *'")
inside("g(1, 0);")
inside("g(p, p);", "warning: incompatible pointer to integer conversion passing 'char *' to parameter of type 'int'")
inside("g(nothing(), p);", "error: passing 'void' to parameter of incompatible type 'int'")

// assignment
inside("5 = i;", "error: expression is not assignable")
inside("i + 1 = 2;", "error: expression is not assignable")
inside("sp->fixed = 1;", "error: cannot assign to member 'fixed' with const-qualified type 'const int'")
inside("const int c = 1; c = 2;", "error: cannot assign to variable 'c' with const-qualified type 'const int'")
inside("*cp = 1;", "error: cannot assign to an object with const-qualified type 'const char'")
inside("*sp = *sp;", "error: cannot assign to an object with const-qualified data member")
inside("char a[4]; a = p;", "error: array type 'char[4]' is not assignable")
inside("nothing = 0;", "error: non-object type 'void (void)' is not assignable")
inside("tv = 1;", "error: assigning to 'struct t' from incompatible type 'int'")
inside("i = tv;", "error: assigning to 'int' from incompatible type 'struct t'")
inside("ip = p;", "warning: incompatible pointer types assigning to 'int *' from 'char *'")
inside("ip = u;", "warning: incompatible integer to pointer conversion assigning to 'int *' from 'unsigned int'")
inside("i = ip;", "warning: incompatible pointer to integer conversion assigning to 'int' from 'int *'")
inside("ip = vp; vp = ip; _Bool b = ip; unsigned *up = ip;")
inside("int x = tv;", "error: initializing 'int' with an expression of incompatible type 'struct t'")
inside(
  "typedef unsigned long u64; u64 *x = ip;",
  "warning: incompatible pointer types initializing 'u64 *' (aka 'unsigned long *') with an expression of type 'int *'",
)
inside("nothing()++;", "error: expression is not assignable")
inside("tv++;", "error: cannot increment value of type 'struct t'")
inside("struct later *l = 0; l++;", "error: incomplete type 'struct later' where a complete type is needed")
inside("&5;", "error: cannot take the address of an rvalue of type 'int'")
inside("register int r; &r;", "error: address of register variable 'r' requested")

// operators
inside("tv + 1;", "error: invalid operands to binary expression ('struct t' and 'int')")
inside("p * 2;", "error: invalid operands to binary expression ('char *' and 'int')")
inside("p + p;", "error: invalid operands to binary expression ('char *' and 'char *')")
inside("p - ip;", "error: 'char *' and 'int *' are not pointers to compatible types")
inside("p == ip;", "warning: comparison of distinct pointer types ('char *' and 'int *')")
inside("p == i;", "warning: comparison between pointer and integer ('char *' and 'int')")
inside("p == 0; p == vp; 0 != ip;")
inside("-p;", "error: invalid argument type 'char *' to unary expression")
inside("~tv;", "error: invalid argument type 'struct t' to unary expression")
inside("!tv;", "error: invalid argument type 'struct t' to unary expression")
inside("*i;", "error: indirection requires pointer operand ('int' invalid)")
inside("i[i];", "error: subscripted value is not an array or pointer")
inside("p[p];", "error: array subscript is not an integer")
inside("i ? p : ip;", "warning: pointer type mismatch ('char *' and 'int *')")
inside("i ? p : i;", "warning: pointer/integer type mismatch in conditional expression ('char *' and 'int')")
inside("i ? tv : i;", "error: incompatible operand types ('struct t' and 'int')")
inside("i / 0;", "warning: division by zero is undefined")
inside("i %= 1 - 1;", "warning: remainder by zero is undefined")
inside("sizeof(i / 0);")
inside("i << 32;", "warning: shift count >= width of type (32 >= 32)")
inside("i >> -1;", "warning: shift count is negative")
inside("if (tv) ;", "error: statement requires expression of scalar type ('struct t' invalid)")
inside("if (nothing()) ;", "error: statement requires expression of scalar type ('void' invalid)")
inside("(struct t)i;", "error: operand of type 'int' cannot be cast to 'struct t'")
inside("(int)tv;", "error: operand of type 'struct t' cannot be cast to 'int'")
inside("(int[3])ip;", "error: cast to array type 'int[3]' is not allowed")
inside("(union u)p;", "error: operand of type 'char *' cannot be cast to 'union u'")
inside("sizeof(struct later);", "error: invalid application of 'sizeof' to an incomplete type 'struct later'")

// floating point
inside("i * 1.5;", "error: floating point arithmetic is not possible in BPF")
inside("if (0.5) i++;", "error: a floating condition cannot be used in a BPF program")
inside("i ? 1.0 : 2.0;", "error: floating point values are not possible in BPF")
inside("i = (i, 1.5);", "error: no floating point: assigning to 'int' from 'double'")
inside("i = 1.5e;", "error: '1.5e' is no floating constant")
inside("double d = 1.5;", "error: no floating point: initializing 'double' with an expression of type 'double'")
inside("float a; a + 1;", "error: a value of type 'float' cannot be used in a BPF program")
inside("double d; d = i;", "error: no floating point: assigning to 'double' from 'int'")
inside("(double)i;", "error: conversions to and from floating point are not possible in BPF")
complains("struct s { double d; int i; }; int f(struct s *s) { struct s t = *s; return t.i; }")

// statements
inside("break;", "error: 'break' statement not in loop or switch statement")
inside("continue;", "error: 'continue' statement not in loop statement")
inside("switch (i) { continue; }", "error: 'continue' statement not in loop statement")
inside("case 1: ;", "error: 'case' statement not in switch statement")
inside("default: ;", "error: 'default' statement not in switch statement")
inside("switch (i) { case 1: case 2: case 1: ; }", "error: duplicate case value '1'")
inside("switch (i) { case 1 ... 5: case 3: ; }", "error: duplicate case value '3'")
inside("switch (i) { default: default: ; }", "error: multiple default labels in one switch")
inside("switch (p) { }", "error: statement requires expression of integer type ('char *' invalid)")
inside(
  "switch (i) { case 0x100000000: ; }",
  "warning: overflow converting case value to switch condition type (4294967296 to 0)",
)
inside("switch (i) { case 5 ... 1: ; }", "warning: empty case range specified")
inside("switch (i) { case i: ; }", "error: case value is not an integer constant expression")
inside("return 1;", "error: void function 'f' should not return a value")
complains("int f(void) { return; }", "error: non-void function 'f' should return a value")
complains(
  "int f(int a) { if (a) return 1; }",
  "warning: non-void function 'f' does not return a value in all control paths",
)
complains("int f(int a) { for (;;) { if (a) return 1; } }")
complains(
  "int f(int a) { while (1) { if (a) break; } }",
  "warning: non-void function 'f' does not return a value in all control paths",
)
complains("int f(int a) { switch (a) { case 1: return 1; default: return 2; } }")
complains("int f(int a) { if (a) goto out; return 1; out: return 2; }")
complains("int f(void) { __builtin_unreachable(); }")
complains("int f(int a) { do { return a; } while (1); }")
complains(
  "struct s { int a; }; struct s f(void) { return 1; }",
  "error: returning 'int' from a function with incompatible result type 'struct s'",
)
complains(
  "int *f(char *p) { return p; }",
  "warning: incompatible pointer types returning 'char *' from a function with result type 'int *'",
)

// syntax
inside("i = 1", "error: expected ';' after the expression")
inside("i = ;", "error: expected expression, found ';'")
inside("i = (1 + 2;", "error: expected ')', found ';'")
inside("p[1;", "error: expected ']' after the subscript, found ';'")
inside("if i) ;", "error: expected '(' after 'if', found 'i'")
inside("if (i = ) ; else ; i = 1;", "error: expected expression, found ')'")
inside(
  "while (undefined1) { undefined2; } undefined3;",
  "error: use of undeclared identifier 'undefined1'",
  "error: use of undeclared identifier 'undefined2'",
  "error: use of undeclared identifier 'undefined3'",
)
inside(
  "for (int j = 0; j < 3, j++) { i = bad; } bad2;",
  "error: expected ';' after the condition of 'for'",
  "error: use of undeclared identifier 'bad'",
  "error: use of undeclared identifier 'bad2'",
)
inside(
  "int j = bad, k = bad2; j = k;",
  "error: use of undeclared identifier 'bad'",
  "error: use of undeclared identifier 'bad2'",
)
inside("if (i) int x;", "error: a declaration cannot stand here: put it into a block")
inside("int;", "warning: declaration does not declare anything")
inside("else i = 1;", "error: expected expression, found 'else'")
inside("do i++; while (i)", "error: expected ';' after 'do … while'")
inside("int int x;", "error: 'int int' is not a type")
inside("long long long x;", "error: 'long long long' is not a type")
inside("unsigned char int short x;", "error: 'unsigned char int short' is not a type")
inside("static extern int x;", "error: cannot combine with previous 'static' declaration specifier")
complains("int x", "error: expected ';' after the declaration")
complains("int f(void) { return 1;", "error: expected '}' at the end of the block, found the end of the file")
complains("static x;", "warning: the type of 'x' is missing, and taken to be 'int'")
complains("main() { return 0; }", "warning: the type of 'main' is missing, and taken to be 'int'")
complains("f(a) { return 0; }", "error: unknown type name 'f'")
complains("BPF_HSAH(a, int)\nint g(int b) { return b; }", "error: unknown type name 'BPF_HSAH'")
complains("f(a) char *a; { return *a; }", "warning: the type of 'f' is missing, and taken to be 'int'")
complains("foo();", "error: unknown type name 'foo'")
complains("int f(a, b);", "error: the parameters of 'f' have no types")
complains(
  "int f(a) int b; { return 1; }",
  "error: 'b' is not among the function's parameters",
  "error: expected a type, found '{'",
)
complains("int f(a) int a, a; { return a; }", "error: redefinition of parameter 'a'")
complains("int f(void) { int g(void) { return 1; } return 2; }", "error: function definition is not allowed here")
complains("} int x;", "error: expected a type, found '}'")
complains("int a[", "error: expected expression, found the end of the file")
complains(
  "struct { int a }; int y = z;",
  "warning: expected ';' at end of declaration list",
  "error: use of undeclared identifier 'z'",
)
complains(
  "int f(void) { @ }",
  "error: stray '@' in program",
  "warning: non-void function 'f' does not return a value in all control paths",
)
complains('_Static_assert(1 == 2, "no");', "error: static assertion failed: no")
complains('_Static_assert(sizeof(int) == 4, "size");')
complains("int f(void) { _Static_assert(0); return 1; }", "error: static assertion failed")

// types
complains("void x;", "error: variable 'x' has incomplete type 'void'")
complains("struct s x;", "error: incomplete type 'struct s' where a complete type is needed")
complains("struct s x; struct s { int a; };")
complains("int f(void) { struct s x; return 1; }", "error: incomplete type 'struct s' where a complete type is needed")
complains("struct s { struct s inner; };", "error: member 'inner' has incomplete type 'struct s'")
complains("struct s { int f(void); };", "error: member 'f' declared as a function")
complains(
  "struct s { int a[]; int b; };",
  "warning: flexible array member 'a' in otherwise empty struct",
  "error: flexible array member 'a' is not at the end of the struct",
)
complains("int a[-1];", "error: array has a negative size")
complains(
  "int n; int a[n];",
  "error: variable length arrays are not supported: the stack of a BPF program has a fixed size",
)
complains("int a[2][];", "error: incomplete type 'int[]' where a complete type is needed")
complains("int f(void)[3];", "error: a function cannot return array type 'int[3]'")
complains("int a[3](void);", "error: an array of functions is not a type")
complains("int f(void x);", "error: a parameter cannot have type 'void'")
complains(
  "struct s { int a : 33; };",
  "error: width of bit-field 'a' (33 bits) exceeds the width of its type (32 bits)",
)
complains("struct s { int a : -1; };", "error: bit-field 'a' has negative width (-1)")
complains("struct s { int a : 0; };", "error: bit-field 'a' has zero width")
complains("struct s { int *a : 3; };", "error: bit-field 'a' has non-integral type 'int *'")
complains("enum e { };", "error: an enum needs at least one enumerator")
complains("int x __attribute__((aligned(3)));", "error: requested alignment is not a power of 2")
complains("int x __attribute__((vector_size(16)));", "error: vector types are not supported in BPF programs")
complains(
  "void f(void) { int g; int x __attribute__((cleanup(g))) = 1; }",
  "error: the argument of 'cleanup' is no function: 'g'",
)
complains(
  "struct event { int a; }; int f(struct evnt *e) { return e->a; }",
  "error: incomplete type 'struct evnt' where a complete type is needed; did you mean 'event'?",
)
complains("__thread int x;", "error: thread-local storage is not supported in BPF programs")

// initialisers
complains("int x[2] = {1, 2, 3};", "warning: excess elements in array initializer")
complains("struct { int a; } x = {1, 2};", "warning: excess elements in struct initializer")
complains("int x = {1, 2};", "warning: excess elements in scalar initializer")
complains('char x[2] = "abc";', "warning: initializer-string for char array is too long")
complains('char x[3] = "abc";')
complains("int x[] = 1;", "error: array initializer must be an initializer list or string literal")
complains(
  "struct s { int a; } x = {.b = 1};",
  "error: field designator 'b' does not refer to any field in type 'struct s'",
)
complains("int x[2] = {[2] = 1};", "error: array designator index (2) exceeds array bounds (2)")
complains("int x[2] = {[-1] = 1};", "error: array designator value '-1' is negative")
complains("int x[2] = {.a = 1};", "error: field designator for non-record type 'int[2]'")
complains("struct { int a; } x = {[0] = 1};", "error: array designator for non-array type 'struct (anonymous)'")
complains("int y; int x = y;", "error: initializer element is not a compile-time constant")
complains("int f(void); int x = f();", "error: initializer element is not a compile-time constant")
complains("int f(int a) { static int x = a; return x; }", "error: initializer element is not a compile-time constant")
complains(
  "struct s { int n; int t[]; }; void f(void) { struct s x = {1, {2}}; }",
  "error: cannot initialise a flexible array member of type 'int[]' here",
)

// literals
inside("08;", "error: invalid digit '8' in octal constant")
inside("0b12;", "error: invalid digit '2' in binary constant")
inside("1xyz;", "error: invalid suffix 'xyz' on integer constant")
inside("1lL;", "error: invalid suffix 'lL' on integer constant")
inside("18446744073709551616;", "error: integer constant is too large for any integer type")
inside("18446744073709551615;", "warning: integer constant is so large that it is unsigned")
inside("'ab';", "warning: multi-character character constant")
inside("'abcde';", "error: character constant too long for its type")
inside("'\\400';", "error: octal escape sequence out of range")
inside("'\\x100';", "error: hex escape sequence out of range")
inside('"\\q";', "warning: unknown escape sequence '\\q'")
inside('"\\u12";', "error: \\u used with too few hex digits")
inside('L"a" u"b";', "error: string literals of different character types cannot be joined")

// what BPF cannot do
inside("__builtin_alloca(i);", "error: '__builtin_alloca' is not supported")
inside(
  "void *l = &&out; out: goto *l;",
  "error: the address of a label cannot be taken: BPF has no computed jumps",
  "error: computed goto is not supported: BPF has no indirect jumps",
)
inside("__label__ x;")
inside("{ __label__ x; goto x; }", "error: use of undeclared label 'x'")
inside("_Complex int x;", "error: complex numbers are not supported in BPF programs")
complains("int x = ({ 1; });", "error: statement expression not allowed at file scope")

// builtins
inside("__builtin_memset(p, 0);", "error: too few arguments to function '__builtin_memset', expected 3, have 2")
inside("memcpy(p, cp, 3); memset(vp, 0, 1); __builtin_memcmp(p, cp, 2);")
inside("fp = __builtin_ffs;", "error: built-in function '__builtin_ffs' must be directly called")
inside("__builtin_nothing(1);", "error: call to undeclared function '__builtin_nothing'")
inside(
  "__sync_fetch_and_add(i, 1);",
  "error: first argument to '__sync_fetch_and_add' must be a pointer ('int' invalid)",
)
inside(
  "__sync_fetch_and_add(sp, 1);",
  "error: '__sync_fetch_and_add' needs a pointer to an integer or pointer of at most 8 bytes ('struct s *' invalid)",
)
inside(
  "__sync_fetch_and_add(cp, 1);",
  "error: first argument to '__sync_fetch_and_add' must be a pointer to non-const type ('const char *' invalid)",
)
inside("__sync_fetch_and_add(ip);", "error: too few arguments to function '__sync_fetch_and_add', expected 2, have 1")
inside("__atomic_load_n(ip, 5, 6);", "error: too many arguments to function '__atomic_load_n', expected 2, have 3")
inside(
  "__builtin_add_overflow(1, 2, 3);",
  "error: result of '__builtin_add_overflow' must be a pointer to a non-const integer ('int' invalid)",
)
inside("__builtin_offsetof(struct s, nun);", "error: no member named 'nun' in 'struct s'; did you mean 'num'?")
inside("__builtin_offsetof(struct s, bits);", "error: cannot compute the offset of bit-field 'bits'")
inside(
  "_Generic(i, char: 1);",
  "error: controlling expression type 'int' not compatible with any generic association type",
)
inside("_Generic(i, int: 1, int: 2);", "error: type 'int' in generic association is compatible with an earlier one")
inside("__auto_type a;", "error: a type taken from the initialiser needs a plain name and an initialiser")
inside(
  "int x = __builtin_choose_expr(i, 1, 2);",
  "error: the first argument of '__builtin_choose_expr' is not an integer constant expression",
)
