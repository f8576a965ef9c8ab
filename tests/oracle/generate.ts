import type { OracleFunction } from "./functions.ts"
import { Random } from "./random.ts"

interface IntType {
  readonly name: string
  readonly bits: number
  readonly signed: boolean
}

const intTypes: readonly IntType[] = [8, 16, 32, 64].flatMap(bits => [
  { name: `u${bits}`, bits, signed: false },
  { name: `s${bits}`, bits, signed: true },
])
const unsignedTypes = intTypes.filter(t => !t.signed)

interface Field {
  readonly name: string
  readonly type: IntType
  /** Width of a bit-field. */
  readonly width: number | undefined
  /** Number of elements of an array. */
  readonly count: number | undefined
}

interface Variable {
  readonly name: string
  readonly type: IntType
}

/**
 * A random C function of integers, always the same for one seed, that is defined for all arguments: arithmetic that could overflow is done on
 * unsigned or on narrow operands, divisors are not zero, counts and indices are masked, loops end, and no object is changed twice in one
 * expression.
 */
export function generateFunction(seed: number): OracleFunction {
  return new Generator(seed).generate()
}

class Generator {
  readonly #random: Random
  #before = ""
  #body = ""
  #scalars: Variable[] = []
  /** Can be read, not written. */
  #counters: string[] = []
  #arrays: { name: string; type: IntType; count: number }[] = []
  #fields: Field[] = []
  #records: string[] = []
  #helpers: { name: string; params: IntType[] }[] = []
  #names = 0
  #loops = 0

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  generate(): OracleFunction {
    const r = this.#random
    if (r.chance(60)) this.#record()
    if (r.chance(40)) this.#table()
    for (let n = r.below(3); n > 0; n--) this.#helper()
    if (this.#fields.length > 0 && r.chance(60)) this.#recordHelper()
    this.#scalars = ["a", "b", "c"].map(name => ({ name, type: unsignedTypes[3] }))
    for (let n = 2 + r.below(4); n > 0; n--) this.#declare()
    if (r.chance(50)) this.#array()
    if (this.#fields.length > 0) for (let n = 1 + r.below(2); n > 0; n--) this.#object()
    for (let n = 4 + r.below(7); n > 0; n--) this.#statement(2)
    this.#say(`return ${this.#digest()};`)
    return { before: this.#before, body: this.#body }
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`
  }

  #say(text: string): void {
    this.#body += `${text} `
  }

  // What stands before the function.

  #record(): void {
    const r = this.#random
    let text = ""
    for (let n = 2 + r.below(4); n > 0; n--) {
      const type = r.pick(intTypes)
      const name = this.#name("m")
      const kind = r.below(4)
      const width = kind === 0 ? 1 + r.below(type.bits) : undefined
      const count = kind === 1 ? 2 + r.below(3) : undefined
      text += `${type.name} ${name}${width === undefined ? "" : ` : ${width}`}${count === undefined ? "" : `[${count}]`}; `
      this.#fields.push({ name, type, width, count })
    }
    const packed = r.chance(20) ? " __attribute__((packed))" : ""
    this.#before += `struct${packed} record { ${text}}; `
  }

  #table(): void {
    const r = this.#random
    const type = r.pick(intTypes)
    const count = 1 << (1 + r.below(3))
    const name = this.#name("table")
    const values = Array.from({ length: count }, () => this.#constant())
    this.#before += `static const ${type.name} ${name}[${count}] = {${values.join(", ")}}; `
    this.#arrays.push({ name, type, count })
  }

  /** A static function of a few integers; sometimes it returns early or loops. */
  #helper(): void {
    const r = this.#random
    const params = Array.from({ length: 1 + r.below(3) }, () => r.pick(intTypes))
    const name = this.#name("helper")
    const saved = { scalars: this.#scalars, body: this.#body, arrays: this.#arrays }
    this.#scalars = params.map((type, i) => ({ name: `p${i}`, type }))
    this.#body = ""
    this.#arrays = []
    if (r.chance(30)) this.#say(`if (${this.#expr(1)}) return ${this.#expr(1)};`)
    for (let n = r.below(3); n > 0; n--) this.#statement(1)
    this.#say(`return ${this.#expr(2)};`)
    const text = params.map((type, i) => `${type.name} p${i}`).join(", ")
    this.#before += `static ${r.pick(intTypes).name} ${name}(${text}) { ${this.#body}} `
    this.#scalars = saved.scalars
    this.#body = saved.body
    this.#arrays = saved.arrays
    this.#helpers.push({ name, params })
  }

  /** A function that takes a record by value and gives one back. */
  #recordHelper(): void {
    const writes = this.#fields
      .filter(f => f.count === undefined)
      .map(f => `r.${f.name} = (${f.type.name}) ${this.#constant()} ^ r.${f.name}; `)
    const keep = this.#random.pick(writes.length > 0 ? writes : [""])
    this.#before += `static struct record change(struct record r) { ${keep}return r; } `
  }

  // Declarations.

  #declare(): void {
    const r = this.#random
    const type = r.pick(intTypes)
    const name = this.#name("v")
    const qualifier = r.chance(8) ? "volatile " : ""
    this.#say(`${qualifier}${type.name} ${name} = ${this.#expr(2)};`)
    this.#scalars.push({ name, type })
  }

  #array(): void {
    const r = this.#random
    const type = r.pick(intTypes)
    const count = 2 + r.below(6)
    const name = this.#name("t")
    const values = Array.from({ length: r.below(count + 1) }, () => (r.chance(50) ? this.#constant() : this.#expr(1)))
    this.#say(`${type.name} ${name}[${count}] = {${values.join(", ")}};`)
    this.#arrays.push({ name, type, count })
  }

  #object(): void {
    const r = this.#random
    const name = this.#name("r")
    const parts = this.#fields
      .filter(() => r.chance(60))
      .map(f => `.${f.name} = ${f.count === undefined ? this.#expr(1) : `{${this.#expr(1)}}`}`)
    this.#say(`struct record ${name} = {${parts.join(", ")}};`)
    this.#records.push(name)
  }

  // Statements.

  #statement(depth: number): void {
    const r = this.#random
    switch (r.below(depth > 0 ? 10 : 5)) {
      case 0:
      case 1:
        this.#say(`${this.#target()} = ${this.#expr(3)};`)
        return
      case 2:
        this.#compound()
        return
      case 3:
        this.#step()
        return
      case 4:
        this.#copy()
        return
      case 5:
      case 6:
        this.#say(`if (${this.#expr(2)}) {`)
        this.#block(depth - 1)
        if (r.chance(50)) {
          this.#say("} else {")
          this.#block(depth - 1)
        }
        this.#say("}")
        return
      case 7:
        this.#loop(depth)
        return
      case 8:
        this.#switch(depth)
        return
      default:
        this.#say("{")
        this.#scope(() => {
          this.#declare()
          this.#statement(depth - 1)
        })
        this.#say("}")
    }
  }

  #block(depth: number): void {
    this.#scope(() => {
      for (let n = 1 + this.#random.below(3); n > 0; n--) this.#statement(depth)
    })
  }

  /** What is declared inside is gone afterwards. */
  #scope(body: () => void): void {
    const { length } = this.#scalars
    body()
    this.#scalars.length = length
  }

  #loop(depth: number): void {
    const r = this.#random
    if (this.#loops >= 2) return
    const i = this.#name("i")
    const count = 1 + r.below(6)
    this.#loops++
    const [open, close] = r.pick([
      [`for (int ${i} = 0; ${i} < ${count}; ${i}++) {`, "}"],
      [`{ int ${i} = 0; while (${i} < ${count}) { ${i}++;`, "} }"],
      [`{ int ${i} = 0; do { ${i}++;`, `} while (${i} < ${count}); }`],
    ])
    this.#say(open)
    this.#counters.push(i)
    if (r.chance(20)) this.#say(`if (${this.#expr(1)}) ${r.pick(["break", "continue"])};`)
    this.#block(depth - 1)
    this.#counters.pop()
    this.#say(close)
    this.#loops--
  }

  #switch(depth: number): void {
    const r = this.#random
    this.#say(`switch ((${this.#expr(2)}) & 7) {`)
    const start = r.below(3)
    for (let label = start; label < 8; label += 1 + r.below(3)) {
      const range = r.chance(20) && label < 7
      this.#say(range ? `case ${label} ... ${label + 1}:` : `case ${label}:`)
      if (range) label++
      this.#block(depth - 1)
      if (r.chance(70)) this.#say("break;")
    }
    if (r.chance(60)) {
      this.#say("default:")
      this.#block(depth - 1)
    }
    this.#say("}")
  }

  /** `x op= e`, with the right operand narrow enough that nothing overflows. */
  #compound(): void {
    const r = this.#random
    const { name, type } = r.pick(this.#scalars)
    const promoted = Math.max(type.bits, 32)
    const free = !type.signed && type.bits >= 32
    switch (r.below(5)) {
      case 0:
        this.#say(`${name} ${r.pick(["&=", "|=", "^="])} ${this.#expr(2)};`)
        return
      case 1:
        this.#say(`${name} >>= (${this.#expr(1)}) & ${promoted - 1};`)
        return
      case 2:
        if (!type.signed)
          this.#say(`${name} <<= (${this.#expr(1)}) & ${type.bits === 32 || type.bits === 64 ? type.bits - 1 : 15};`)
        return
      case 3:
        this.#say(`${name} ${r.pick(["/=", "%="])} ((u8) (${this.#expr(1)}) | 1);`)
        return
      default:
        if (free) this.#say(`${name} ${r.pick(["+=", "-=", "*="])} (${type.name}) (${this.#expr(2)});`)
        else if (type.bits < 32) this.#say(`${name} ${r.pick(["+=", "-=", "*="])} (s8) (${this.#expr(2)});`)
    }
  }

  #step(): void {
    const r = this.#random
    const safe = this.#scalars.filter(v => !v.type.signed || v.type.bits < 32)
    if (safe.length === 0) return
    const { name } = r.pick(safe)
    const text = r.pick([`${name}++`, `${name}--`, `++${name}`, `--${name}`])
    const into = r.pick(this.#scalars)
    // The value goes to another variable, or is dropped.
    if (into.name !== name && r.chance(50)) this.#say(`${into.name} = ${text};`)
    else this.#say(`${text};`)
  }

  #copy(): void {
    const r = this.#random
    if (this.#records.length === 0) return
    const to = r.pick(this.#records)
    const from = r.pick(this.#records)
    if (this.#before.includes(" change(") && r.chance(50)) this.#say(`${to} = change(${from});`)
    else if (r.chance(30)) this.#say(`${to} = (struct record) {${this.#expr(1)}};`)
    else this.#say(`${to} = ${from};`)
  }

  /** Something to assign to. */
  #target(): string {
    const r = this.#random
    if (this.#records.length > 0 && r.chance(30)) return this.#member(r.pick(this.#records), r.pick(this.#fields))
    const writable = this.#arrays.filter(t => t.name.startsWith("t") && !t.name.startsWith("table"))
    if (writable.length > 0 && r.chance(30)) return this.#element(r.pick(writable))
    return r.pick(this.#scalars).name
  }

  // Expressions.

  #member(record: string, field: Field): string {
    const text = this.#random.chance(30) ? `(&${record})->${field.name}` : `${record}.${field.name}`
    return field.count === undefined ? text : `${text}[${this.#index(field.count)}]`
  }

  #element({ name, count }: { name: string; count: number }): string {
    return this.#random.chance(25) ? `*(${name} + ${this.#index(count)})` : `${name}[${this.#index(count)}]`
  }

  #index(count: number): string {
    const r = this.#random
    if (r.chance(40)) return String(r.below(count))
    const name = r.pick(this.#scalars).name
    // The verifier knows the bounds of `&`, `*` and `>>`, not of `%`.
    return (count & (count - 1)) === 0 ? `(${name} & ${count - 1})` : `((u8) (${name} & 15) * ${count} >> 4)`
  }

  #constant(): string {
    const value = this.#random.word()
    const type = this.#random.pick(intTypes)
    const cut = type.signed ? BigInt.asIntN(type.bits, value) : BigInt.asUintN(type.bits, value)
    return `(${type.name}) 0x${BigInt.asUintN(64, cut).toString(16)}ull`
  }

  #leaf(): string {
    const r = this.#random
    const kind = r.below(12)
    if (kind < 2) return this.#constant()
    if (kind === 2) return String(r.below(100))
    if (kind === 3 && this.#counters.length > 0) return r.pick(this.#counters)
    if (kind === 4 && this.#arrays.length > 0) return this.#element(r.pick(this.#arrays))
    if (kind < 7 && this.#records.length > 0) {
      const field = r.pick(this.#fields)
      // Compilers differ in the type of a bit-field wider than an int.
      return `(${field.type.name}) ${this.#member(r.pick(this.#records), field)}`
    }
    return this.#scalars.length > 0 ? r.pick(this.#scalars).name : this.#constant()
  }

  #expr(depth: number): string {
    const r = this.#random
    if (depth <= 0) return this.#leaf()
    const sub = () => this.#expr(depth - 1)
    switch (r.below(14)) {
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
        return `((${sub()}) ? (${sub()}) : (${sub()}))`
      case 11:
        return `(${r.pick(["~", "!", "-(u32) ", "-(u64) ", "-(s8) "])}(${sub()}))`
      case 12:
        if (this.#helpers.length > 0) {
          const { name, params } = r.pick(this.#helpers)
          return `${name}(${params.map(sub).join(", ")})`
        }
        return this.#wide(sub)
      default:
        return `((${r.pick(intTypes).name}) (${sub()}))`
    }
  }

  #arithmetic(sub: () => string): string {
    const r = this.#random
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
    const shift = this.#random.pick([0, 1, 32, 63, 64, 100])
    return `(u64) (((u128) (${sub()}) ${this.#random.pick(["+", "-", "*", "^"])} (u64) (${sub()})) >> ${shift})`
  }

  /** Every variable in one number. */
  #digest(): string {
    let text = "0ull"
    const add = (value: string) => {
      text = `(${text} * 31 + (u64) ${value})`
    }
    for (const v of this.#scalars) add(v.name)
    for (const t of this.#arrays)
      if (!t.name.startsWith("table")) for (let i = 0; i < t.count; i++) add(`${t.name}[${i}]`)
    for (const record of this.#records) {
      for (const f of this.#fields) {
        if (f.count === undefined) add(`(${f.type.name}) ${record}.${f.name}`)
        else for (let i = 0; i < f.count; i++) add(`${record}.${f.name}[${i}]`)
      }
    }
    return text
  }
}
