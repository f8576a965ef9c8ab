import { Random } from "../random.ts"

/** The function that a generated program's main() is called from. */
export const ENTRY = "skep_entry"

const widths = [8, 16, 32, 64]
const types = widths.flatMap(bits => [
  { name: `int${bits}_t`, wide: `uint${bits}_t`, bits, signed: true },
  { name: `uint${bits}_t`, wide: `uint${bits}_t`, bits, signed: false },
])

/**
 * The arithmetic that csmith's programs call in place of operators that could be undefined: here wrapping, with shift counts cut to the width, and
 * a division that cannot be done gives its left operand. Both compilers get the same text, so its meaning is free as long as it has one.
 */
function safeMath(): string {
  const out: string[] = []
  const define = (type: string, name: string, params: string, value: string): void => {
    out.push(`static inline __attribute__((always_inline)) ${type} safe_${name}(${params}) { return ${value}; }`)
  }
  for (const { name, wide, bits, signed } of types) {
    const sign = signed ? "s" : "u"
    const both = `${name} a, ${name} b`
    const unsigned = (a: string) => `(${bits < 32 ? "uint32_t" : wide}) ${a}`
    define(name, `unary_minus_func_${name}_${sign}`, `${name} a`, `(${name}) (0 - ${unsigned("a")})`)
    for (const [word, op] of Object.entries({ add: "+", sub: "-", mul: "*" })) {
      define(name, `${word}_func_${name}_${sign}_${sign}`, both, `(${name}) (${unsigned("a")} ${op} ${unsigned("b")})`)
    }
    const undefinedFor = signed ? "b == 0 || b == -1" : "b == 0"
    for (const [word, op] of Object.entries({ div: "/", mod: "%" })) {
      define(name, `${word}_func_${name}_${sign}_${sign}`, both, `${undefinedFor} ? a : (${name}) (a ${op} b)`)
    }
    for (const [right, count] of Object.entries({ s: "int", u: "unsigned" })) {
      const params = `${name} a, ${count} b`
      const by = `(b & ${bits - 1})`
      define(name, `lshift_func_${name}_${sign}_${right}`, params, `(${name}) (${unsigned("a")} << ${by})`)
      define(name, `rshift_func_${name}_${sign}_${right}`, params, `(${name}) (a >> ${by})`)
    }
  }
  return out.join("\n")
}

/** What takes the place of csmith's run-time header: types, arithmetic, and a sum over the global variables in place of a CRC. */
export const header = `typedef signed char int8_t; typedef short int16_t; typedef int int32_t; typedef long long int64_t;
typedef unsigned char uint8_t; typedef unsigned short uint16_t; typedef unsigned int uint32_t; typedef unsigned long long uint64_t;
static uint64_t skep_sum = 1; static volatile int skep_zero;
static inline __attribute__((always_inline)) void skep_add(uint64_t v) { skep_sum = (skep_sum ^ v) * 0x9e3779b97f4a7c15ull; skep_sum ^= skep_sum >> 29; }
#define transparent_crc(value, name, flag) skep_add((uint64_t) (value))
#define crc32_context 0
#define crc32_gentab()
#define platform_main_begin()
#define platform_main_end(value, flag)
#define printf(...)
${safeMath()}
`

/** A value that the compiler does not know, in place of some of the numbers in the functions: without, whole programs would be constants. */
function unknowns(generated: string, random: Random): string {
  const line = (text: string) => (/^ /.test(text) ? text.replace(/\b0x[0-9A-F]+U?L*\b/g, number) : text)
  const number = (text: string) => (random.chance(30) ? `(${text} | skep_zero)` : text)
  return generated.split("\n").map(line).join("\n")
}

/** A generated program with the header in place of csmith's, and its entry. The value of the first function counts where it is a number. */
export function wholeProgram(generated: string, seed: number): string {
  const body = unknowns(generated.replace(/^#include "csmith\.h"$/m, ""), new Random(seed)).replace(
    /^ {4}func_1\(\);$/m,
    /^static u?int\d+_t +func_1\(/m.test(generated) ? "    skep_add(func_1());" : "$&",
  )
  return `${header}#line 1\n${body}\nint ${ENTRY}(void *context) { main(); return (int) (skep_sum ^ skep_sum >> 32); }\n`
}
