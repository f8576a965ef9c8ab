import { type ArrayVariable, type Field, intTypes, Scope, unsignedTypes } from "./scope.ts"

/** Random expressions of integers that are defined whatever their variables hold, and that change nothing but variables of their own. */
export class Expressions extends Scope {
  /** Above zero inside a statement expression, where no other begins. */
  #inside = 0

  protected constant(): string {
    const value = this.random.word()
    const type = this.random.pick(intTypes)
    const cut = type.signed ? BigInt.asIntN(type.bits, value) : BigInt.asUintN(type.bits, value)
    return `(${type.name}) 0x${BigInt.asUintN(64, cut).toString(16)}ull`
  }

  /** An index below `count`. */
  protected index(count: number): string {
    const r = this.random
    if (r.chance(40) || this.scalars.length === 0) return String(r.below(count))
    const { name } = r.pick(this.scalars)
    // The verifier knows the bounds of `&`, `*` and `>>`, not of `%`.
    return (count & (count - 1)) === 0 ? `(${name} & ${count - 1})` : `((u8) (${name} & 15) * ${count} >> 4)`
  }

  protected element({ name, count }: ArrayVariable): string {
    const r = this.random
    const i = this.index(count)
    return r.chance(20) ? `*(${name} + ${i})` : r.chance(5) ? `(${i})[${name}]` : `${name}[${i}]`
  }

  protected member(object: string, field: Field): string {
    const text = this.random.chance(30) ? `(&${object})->${field.name}` : `${object}.${field.name}`
    return field.count === undefined ? text : `${text}[${this.index(field.count)}]`
  }

  #leaf(): string {
    const r = this.random
    const kind = r.below(16)
    if (kind < 2) return this.constant()
    if (kind === 2) return String(r.below(100))
    if (kind === 3 && this.counters.length > 0) return r.pick(this.counters)
    if (kind === 4 && this.arrays.length > 0) return this.element(r.pick(this.arrays))
    if (kind < 7 && this.records.length > 0) {
      const field = r.pick(this.fields)
      // Compilers differ in the type of a bit-field wider than an int.
      return `(${field.type.name}) ${this.member(r.pick(this.records), field)}`
    }
    if (kind === 7 && this.unions.length > 0) {
      const field = r.pick(this.parts)
      return `(${field.type.name}) ${this.member(r.pick(this.unions), field)}`
    }
    if (kind === 8 && this.pointers.length > 0) return `*${r.pick(this.pointers).name}`
    if (kind === 9 && this.enumerators.length > 0) return r.pick(this.enumerators)
    if (kind === 10) return this.#size()
    return this.scalars.length > 0 ? r.pick(this.scalars).name : this.constant()
  }

  #size(): string {
    const r = this.random
    const choices = [`sizeof(${r.pick(intTypes).name})`, "sizeof('a')", "_Alignof(u32)"]
    if (this.fields.length > 0) choices.push("sizeof(struct record)")
    if (this.arrays.length > 0) choices.push(`sizeof(${r.pick(this.arrays).name})`)
    if (this.scalars.length > 0)
      choices.push(`_Generic(${r.pick(this.scalars).name}, u8: 1, s16: 2, u32: 3, s64: 4, default: 5)`)
    return `(u32) ${r.pick(choices)}`
  }

  protected expr(depth: number): string {
    const r = this.random
    if (depth <= 0) return this.#leaf()
    const sub = () => this.expr(depth - 1)
    switch (r.below(18)) {
      case 0:
        return this.#leaf()
      case 1:
      case 2:
        return this.#arithmetic(sub)
      case 3:
        return `((${sub()}) ${r.pick(["&", "|", "^"])} (${sub()}))`
      case 4:
      case 5:
        return `((${sub()}) ${r.pick(["<", ">", "<=", ">=", "==", "!="])} (${sub()}))`
      case 6: {
        const type = r.pick(unsignedTypes.slice(2))
        return `((${type.name}) (${sub()}) << ((${sub()}) & ${type.bits - 1}))`
      }
      case 7: {
        const type = r.pick(intTypes)
        return `((${type.name}) (${sub()}) >> ((${sub()}) & ${type.bits - 1}))`
      }
      case 8: {
        // An odd number of at most 16 bits is neither 0 nor, unsigned, -1.
        const type = r.pick(intTypes)
        return `((${type.name}) (${sub()}) ${r.pick(["/", "%"])} ((u16) (${sub()}) | 1))`
      }
      case 9:
        return `((${sub()}) ${r.pick(["&&", "||"])} (${sub()}))`
      case 10:
        return r.chance(15) ? `((${sub()}) ?: (${sub()}))` : `((${sub()}) ? (${sub()}) : (${sub()}))`
      case 11:
        return `(${r.pick(["~", "!", "-(u32) ", "-(u64) ", "-(s8) ", "+"])}(${sub()}))`
      case 12:
        return this.#call(sub) ?? this.#wide(sub)
      case 13:
        // gcc 12 breaks down on `(_Bool) (1, 2)`, not on `(_Bool) ((void) 1, 2)`.
        return `((void) (${sub()}), (${sub()}))`
      case 14:
        return this.#builtin(sub)
      case 15:
        return this.#block(sub)
      case 16:
        return `((${r.pick(["_Bool", "char", "long long", "unsigned short"])}) (${sub()}))`
      default:
        return `((${r.pick(intTypes).name}) (${sub()}))`
    }
  }

  /** A call of a helper that gives a number; pointers are to variables of its own, so that nothing is changed that is read beside it. */
  #call(sub: () => string): string | undefined {
    const choices = this.helpers.filter(h => h.returns === "number" && !h.params.includes("pointer"))
    if (choices.length === 0) return undefined
    const { name, params } = this.random.pick(choices)
    if (params.includes("record") && this.records.length === 0) return undefined
    const args = params.map(p => (p === "record" ? this.random.pick(this.records) : sub())).join(", ")
    // What goes through memory of the caller cannot go through a pointer to the function.
    if (params.includes("record") || !this.random.chance(15)) return `${name}(${args})`
    const pointer = this.name("call")
    return `({ __typeof__(&${name}) ${pointer} = ${this.random.pick(["", "&"])}${name}; ${this.random.pick([pointer, `(*${pointer})`])}(${args}); })`
  }

  #arithmetic(sub: () => string): string {
    const r = this.random
    const [left, right] = r.pick([
      ["u64", "u64"],
      ["u32", "u32"],
      ["u64", "s32"],
      ["u32", "s16"],
      ["s8", "u8"],
      ["s16", "s16"],
      ["u16", "u8"],
    ])
    return `((${left}) (${sub()}) ${r.pick(["+", "-", "*"])} (${right}) (${sub()}))`
  }

  #wide(sub: () => string): string {
    const shift = this.random.pick([0, 1, 32, 63, 64, 100])
    if (this.random.chance(10)) {
      const [type, half] = this.random.pick([
        ["u128", "u64"],
        ["s128", "s64"],
      ])
      const divisor = this.random.chance(50)
        ? `((${half}) (${sub()}) | 2)`
        : `((${type}) (${half}) (${sub()}) * 0x10000000000 + 2)`
      return `(u64) (((${type}) (${half}) (${sub()}) * (${half}) (${sub()}) ${this.random.pick(["/", "%"])} ${divisor}) >> ${shift})`
    }
    return `(u64) (((u128) (${sub()}) ${this.random.pick(["+", "-", "*", "^"])} (u64) (${sub()})) >> ${shift})`
  }

  #builtin(sub: () => string): string {
    const r = this.random
    const type = r.pick(["u32", "u64", "s32", "s64"])
    return r.pick([
      () => `__builtin_bswap${r.pick([16, 32, 64])}(${sub()})`,
      () => `__builtin_popcountll(${sub()})`,
      () => `__builtin_${r.pick(["clz", "ctz"])}ll((u64) (${sub()}) | 1)`,
      () => `__builtin_${r.pick(["clz", "ctz"])}((u32) (${sub()}) | 2)`,
      () => `__builtin_expect(!!(${sub()}), 1)`,
      () =>
        `({ ${type} o; u32 f = __builtin_${r.pick(["add", "sub", "mul"])}_overflow((${type}) (${sub()}), (${type}) (${sub()}), &o); (u64) o + f; })`,
    ])()
  }

  /** A statement expression with a variable of its own, which it changes. */
  #block(sub: () => string): string {
    const r = this.random
    if (this.#inside > 0) return sub()
    this.#inside++
    const type = r.pick(unsignedTypes.slice(2))
    const name = this.name("e")
    let text = ""
    this.inside(() => {
      const first = sub()
      this.scalars.push({ name, type })
      const change = r.pick([
        `${name} += ${sub()};`,
        `if (${sub()}) ${name}++;`,
        `${name} ^= ${name} << 3;`,
        `${type.name} *q = &${name}; *q -= (${type.name}) (${sub()});`,
        `while (${name} > 0xffff) ${name} >>= 16;`,
        `(${sub()}) && ${name}--;`,
      ])
      const result = r.pick([name, `${name}++`, `--${name}`, `(${name} *= 3)`])
      text = `({ ${type.name} ${name} = ${first}; ${change} ${result}; })`
    })
    this.#inside--
    return text
  }
}
