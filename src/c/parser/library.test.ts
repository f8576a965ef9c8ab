import assert from "node:assert/strict"
import { test } from "node:test"
import { messages, parseC } from "../../../tests/support/parseC.ts"

/** Functions of the C library: what is known here is a number, the rest is refused with what to do instead. */

const known = (text: string, length: number): void =>
  void test(`${text} is ${length}`, () => {
    const { diagnostics } = parseC(
      `const char hive[] = "bees", three[3] = "bee"; void f(void) { _Static_assert(${text} == ${length}, ""); }`,
    )
    assert.deepEqual(messages(diagnostics), [])
  })
known('strlen("bee")', 3)
known('__builtin_strlen(("b\\0ee"))', 1)
known('__builtin_strlen("")', 0)
known("strlen(hive)", 4)

function refused(call: string, message: string, hint: string): void {
  test(`${call} ⇒ ${message}`, () => {
    const text = `char hive[] = "bees"; const char three[3] = "bee"; long f(char *p, unsigned n) { return ${call}; }`
    const { list } = parseC(text).diagnostics
    assert.deepEqual(
      list.map(d => [d.message, d.hint]),
      [[message, `BPF programs have no C library: ${hint}`]],
    )
  })
}
const measure = "measure a string with a bounded loop, or by the result of bpf_probe_read_kernel_str()"
refused("strlen(p)", "'strlen' needs a string that is known here", measure)
refused("__builtin_strlen(hive)", "'__builtin_strlen' needs a string that is known here", measure)
refused("__builtin_strlen(three)", "'__builtin_strlen' needs a string that is known here", measure)
const compare = "compare strings with bpf_strncmp(), or with a bounded loop"
refused('strcasecmp(p, "x")', "call to undeclared function 'strcasecmp'", compare)
refused('__builtin_strcasecmp(p, "x")', "call to undeclared function '__builtin_strcasecmp'", compare)
refused("malloc(n)", "call to undeclared function 'malloc'", "memory comes from a map or a ring buffer")

test("the program's own strlen is called", () => {
  const own = "static unsigned long strlen(const char *s) { return *s; }"
  const { diagnostics } = parseC(`${own} long f(char *p) { return __builtin_strlen(p) + strlen(p); }`)
  assert.deepEqual(messages(diagnostics), [])
})
