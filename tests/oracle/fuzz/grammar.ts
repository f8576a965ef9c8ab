import type { Random } from "../random.ts"

/**
 * Random C that follows the grammar and not the rules of types: most of it is wrong somewhere behind the parser. What is nested stays shallow, but
 * for now and then something very deep or very long.
 */
export function grammarText(r: Random): string {
  const g = new Grammar(r)
  return Array.from({ length: 1 + r.below(6) }, () => g.external()).join("\n")
}

const NAMES = ["a", "b", "c", "f", "g", "p", "s", "t", "x", "T", "S", "E", "main", "ctx", "u32", "u64"]
const BASIC = [
  "int",
  "char",
  "long",
  "short",
  "unsigned",
  "unsigned char",
  "long long",
  "_Bool",
  "void",
  "signed char",
  "__int128",
  "float",
]
const QUALIFIERS = [
  "",
  "",
  "",
  "const ",
  "volatile ",
  "static ",
  "extern ",
  "register ",
  "inline ",
  "_Atomic ",
  "__auto_type ",
  "auto ",
]
const ATTRIBUTES = [
  "packed",
  "aligned(8)",
  "aligned",
  'section(".data.x")',
  "unused",
  "noinline",
  "always_inline",
  "mode(DI)",
  "cleanup(f)",
  "weak",
]
const BINARY = ["+", "-", "*", "/", "%", "<<", ">>", "<", ">", "<=", ">=", "==", "!=", "&", "|", "^", "&&", "||", ","]
const ASSIGN = ["=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "|=", "^="]
const NUMBERS = [
  "0",
  "1",
  "2",
  "7",
  "8",
  "31",
  "32",
  "63",
  "64",
  "255",
  "256",
  "0x7fffffff",
  "0x80000000",
  "0xffffffffffffffff",
  "-1",
  "'a'",
  "1u",
  "2ull",
  "1.5",
]
const CALLS = [
  "sizeof",
  "_Alignof",
  "f",
  "g",
  "main",
  "__builtin_popcountll",
  "__builtin_constant_p",
  "__builtin_bswap32",
  "bpf_ktime_get_ns",
  "typeof",
]

class Grammar {
  readonly #r: Random
  #depth = 0

  constructor(r: Random) {
    this.#r = r
  }

  external(): string {
    const r = this.#r
    switch (r.below(10)) {
      case 0:
        return `typedef ${this.#type()} ${this.#declarator()};`
      case 1:
        return `${this.#record()};`
      case 2:
        return `enum ${this.#name()}${r.chance(20) ? ` : ${r.pick(BASIC)}` : ""} { ${this.#list(4, () => `${this.#name()}${r.chance(40) ? ` = ${this.#expr()}` : ""}`)} };`
      case 3:
        return `_Static_assert(${this.#expr()}, "text");`
      case 4:
      case 5:
        return this.#declaration()
      case 6:
        return this.#directive()
      default:
        return `${r.pick(QUALIFIERS)}${this.#type()} ${this.#name()}(${r.chance(20) ? this.#list(3, () => this.#name()) : this.#list(4, () => `${this.#type()} ${this.#declarator()}`)})${this.#attribute()} ${this.#block()}`
    }
  }

  #directive(): string {
    const r = this.#r
    const name = this.#name()
    return r.pick([
      `#define ${name} ${this.#expr()}`,
      `#define ${name}(${this.#list(3, () => this.#name())}) ${this.#expr()}`,
      `#define ${name}(...) f(__VA_ARGS__ __VA_OPT__(, ${this.#expr()}))`,
      `#define ${name} ${name} ${this.#name()}##${this.#name()}`,
      `#undef ${name}`,
      `#if ${this.#expr()}\n${this.#declaration()}\n#else\n${this.#declaration()}\n#endif`,
      `#ifdef ${name}\n${this.#declaration()}\n#endif`,
      `#line ${r.below(100000)} "x.c"`,
      `#pragma ${r.pick(["pack(1)", "pack(push, 2)", "pack()", "unroll", "once", "weak f"])}`,
      `_Pragma("${r.pick(["pack(1)", "unroll(4)", "x"])}")`,
      `#include ${r.pick(["<linux/sched.h>", "<uapi/linux/ptrace.h>", '"none.h"', "NAME"])}`,
    ])
  }

  #nested(text: () => string, flat: string): string {
    if (this.#depth > 5) return flat
    this.#depth++
    const out = text()
    this.#depth--
    return out
  }

  #name(): string {
    return this.#r.pick(NAMES)
  }

  #list(most: number, item: () => string): string {
    return Array.from({ length: this.#r.below(most + 1) }, item).join(", ")
  }

  #attribute(): string {
    const r = this.#r
    if (!r.chance(15)) return ""
    return r.chance(20) ? ` [[gnu::${r.pick(ATTRIBUTES)}]]` : ` __attribute__((${r.pick(ATTRIBUTES)}))`
  }

  #type(): string {
    const r = this.#r
    switch (r.below(8)) {
      case 0:
        return this.#nested(() => this.#record(), "struct S")
      case 1:
        return `struct ${this.#name()}`
      case 2:
        return this.#nested(() => `typeof(${r.chance(50) ? this.#expr() : this.#type()})`, "int")
      case 3:
        return r.pick(["T", "u32", "u64", "enum E"])
      default:
        return `${r.chance(20) ? r.pick(["const ", "volatile "]) : ""}${r.pick(BASIC)}`
    }
  }

  #record(): string {
    const r = this.#r
    const member = () =>
      this.#nested(
        () =>
          `${this.#type()} ${r.chance(15) ? "" : this.#declarator()}${r.chance(25) ? ` : ${r.chance(80) ? r.below(40) : this.#expr()}` : ""};`,
        "int a;",
      )
    const body = Array.from({ length: r.below(5) }, member).join(" ")
    return `${r.pick(["struct", "union"])} ${r.chance(70) ? this.#name() : ""} { ${body} }${this.#attribute()}`
  }

  #declarator(): string {
    const r = this.#r
    switch (r.below(9)) {
      case 0:
        return `*${this.#nested(() => this.#declarator(), "p")}`
      case 1:
        return `${this.#name()}[${r.chance(70) ? 1 + r.below(20) : r.chance(50) ? "" : this.#expr()}]`
      case 2:
        return this.#nested(() => `(*${this.#declarator()})(${this.#list(3, () => this.#type())})`, "f")
      case 3:
        return this.#nested(() => `(${this.#declarator()})[${r.below(5)}]`, "t")
      default:
        return this.#name()
    }
  }

  #declaration(): string {
    const r = this.#r
    const one = () => `${this.#declarator()}${r.chance(60) ? ` = ${this.#initializer()}` : ""}`
    return `${r.pick(QUALIFIERS)}${this.#type()} ${[one(), ...(r.chance(20) ? [one()] : [])].join(", ")}${this.#attribute()};`
  }

  #initializer(): string {
    const r = this.#r
    if (r.chance(60)) return this.#expr()
    if (r.chance(20)) return '"text"'
    const entry = () => {
      const designator = r.pick([
        "",
        "",
        `.${this.#name()} = `,
        `[${r.below(4)}] = `,
        `[${r.below(3)} ... ${r.below(9)}] = `,
        `.${this.#name()}.${this.#name()} = `,
        `.${this.#name()}[1] = `,
      ])
      return designator + this.#initializer()
    }
    return this.#nested(() => `{${this.#list(4, entry)}}`, "{}")
  }

  #block(): string {
    const r = this.#r
    return this.#nested(() => `{ ${Array.from({ length: r.below(6) }, () => this.#statement()).join(" ")} }`, "{ }")
  }

  #statement(): string {
    const r = this.#r
    switch (r.below(16)) {
      case 0:
        return `if (${this.#expr()}) ${this.#statement1()}${r.chance(40) ? ` else ${this.#statement1()}` : ""}`
      case 1:
        return `while (${this.#expr()}) ${this.#statement1()}`
      case 2:
        return `do ${this.#statement1()} while (${this.#expr()});`
      case 3:
        return `for (${r.chance(50) ? this.#declaration() : `${this.#expr()};`} ${this.#expr()}; ${this.#expr()}) ${this.#statement1()}`
      case 4:
        return `switch (${this.#expr()}) { case ${this.#expr()}: ${this.#statement1()} case 2 ... ${r.below(9)}: break; default: ${this.#statement1()} }`
      case 5:
        return r.pick(["goto a;", "break;", "continue;", "return;", ";", "a: ;", "b: b++;"])
      case 6:
        return `return ${this.#expr()};`
      case 7:
        return this.#block()
      case 8:
      case 9:
      case 10:
        return this.#declaration()
      case 11:
        return this.#nested(
          () => `asm volatile("${r.pick(["", "%0 = 1", "r0 += %1"])}" : "=r"(${this.#expr()}) : "r"(${this.#expr()}));`,
          ";",
        )
      default:
        return `${this.#expr()};`
    }
  }

  #statement1(): string {
    return this.#nested(() => this.#statement(), ";")
  }

  #expr(): string {
    const r = this.#r
    return this.#nested(() => {
      const e = () => this.#expr()
      switch (r.below(20)) {
        case 0:
        case 1:
        case 2:
          return this.#name()
        case 3:
        case 4:
          return r.pick(NUMBERS)
        case 5:
        case 6:
        case 7:
          return `(${e()} ${r.pick(BINARY)} ${e()})`
        case 8:
          return `${e()} ${r.pick(ASSIGN)} ${e()}`
        case 9:
          return `${r.pick(["-", "~", "!", "*", "&", "++", "--", "+", "sizeof ", "&&"])}${e()}`
        case 10:
          return `${e()}${r.pick(["++", "--", "[0]", ".a", "->b", `[${e()}]`])}`
        case 11:
          return `(${this.#type()}) ${e()}`
        case 12:
          return `(${e()} ? ${r.chance(20) ? "" : e()} : ${e()})`
        case 13:
          return `${r.pick(CALLS)}(${this.#list(3, e)})`
        case 14:
          return `(${this.#type()}) {${this.#list(3, () => this.#initializer())}}`
        case 15:
          return `({ ${this.#statement()} ${e()}; })`
        case 16:
          return `sizeof(${this.#type()})`
        case 17:
          return `_Generic(${e()}, int: ${e()}, ${this.#type()}: ${e()}, default: ${e()})`
        case 18:
          return `__builtin_offsetof(${this.#type()}, a)`
        default:
          return r.pick(['"text"', "__func__", "__LINE__", "L'x'", 'u8"x"', "0b101", "1e3", "nullptr", "true"])
      }
    }, this.#name())
  }
}
