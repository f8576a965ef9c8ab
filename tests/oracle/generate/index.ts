import type { OracleFunction } from "../functions.ts"
import { Random } from "../random.ts"
import { Objects } from "./objects.ts"
import { type Field, type Helper, intTypes, u64, unsignedTypes, type Variable } from "./scope.ts"

/**
 * A random C function of integers, always the same for one seed, that is defined for all arguments: arithmetic that could overflow is done on
 * unsigned or on narrow operands, divisors are not zero, counts and indices are masked, loops end, and no object is changed twice in one
 * expression. It has records with bit-fields and in each other, unions, enumerations, arrays of one and two dimensions, pointers, pointers to them,
 * static locals, atomics, helpers with records by value, also through pointers that fold, numbers of 128 bits, switch, goto and statement expressions.
 */
export function generateFunction(seed: number): OracleFunction {
  return new Generator(new Random(seed)).generate()
}

class Generator extends Objects {
  #loops = 0
  #globals: Variable[] = []

  generate(): OracleFunction {
    const r = this.random
    if (r.chance(60)) this.#record()
    if (r.chance(25)) this.#union()
    if (r.chance(25)) this.#enum()
    if (r.chance(40)) this.#table()
    if (r.chance(25)) this.#global()
    for (let n = r.below(3); n > 0; n--) this.#helper()
    if (r.chance(30)) this.#pointerHelper()
    if (this.fields.length > 0 && r.chance(60)) this.#recordHelper()
    if (this.fields.length > 0 && r.chance(30)) this.outerRecord()
    this.scalars = [...["a", "b", "c"].map(name => ({ name, type: u64 })), ...this.#globals]
    for (const { name, type } of this.#globals) this.say(`${name} = (${type.name}) ${r.pick(["a", "b", "c"])};`)
    for (let n = 2 + r.below(4); n > 0; n--) this.#declare()
    if (r.chance(50)) this.#array()
    if (this.fields.length > 0) for (let n = 1 + r.below(2); n > 0; n--) this.#object()
    if (this.parts.length > 0) this.#unionObject()
    if (r.chance(20)) this.matrix()
    if (r.chance(20)) this.staticLocal()
    if (this.enumerators.length > 0 && r.chance(60)) this.enumVariable()
    if (this.records.length > 0) this.moreRecords()
    if (r.chance(40)) this.#pointer()
    if (r.chance(50)) this.pointerToPointer()
    for (let n = 4 + r.below(7); n > 0; n--) this.#outermost()
    this.say(`return ${this.#digest()};`)
    return { before: this.before, body: this.body }
  }

  // What stands before the function.

  #members(most: number): { text: string; fields: Field[] } {
    const r = this.random
    const fields: Field[] = []
    let text = ""
    for (let n = 2 + r.below(most); n > 0; n--) {
      const type = r.pick(intTypes)
      const name = this.name("m")
      const kind = r.below(5)
      const width = kind === 0 || kind === 4 ? 1 + r.below(type.bits) : undefined
      const count = kind === 1 ? 2 + r.below(3) : undefined
      const align = width === undefined && r.chance(6) ? ` __attribute__((aligned(${r.pick([2, 8])})))` : ""
      text += `${type.name} ${name}${width === undefined ? "" : ` : ${width}`}${count === undefined ? "" : `[${count}]`}${align}; `
      if (r.chance(5)) text += `${r.pick(["u32 : 0", "u16 : 3", "s8 : 2"])}; `
      fields.push({ name, type, width, count })
    }
    return { text, fields }
  }

  #record(): void {
    const { text, fields } = this.#members(4)
    this.fields = fields
    const packed = this.random.chance(20) ? " __attribute__((packed))" : ""
    this.before += `struct${packed} record { ${text}}; `
  }

  #union(): void {
    const r = this.random
    const whole = r.pick(unsignedTypes.slice(2))
    const piece = r.pick(intTypes.filter(t => t.bits < whole.bits))
    const names = [this.name("w"), this.name("w"), this.name("w")]
    this.parts = [
      { name: names[0], type: whole, width: undefined, count: undefined },
      { name: names[1], type: piece, width: undefined, count: whole.bits / piece.bits },
      { name: names[2], type: r.pick(intTypes.filter(t => t.bits <= whole.bits)), width: undefined, count: undefined },
    ]
    const members = this.parts.map(f => `${f.type.name} ${f.name}${f.count === undefined ? "" : `[${f.count}]`}; `)
    this.before += `union parts { ${members.join("")}}; `
  }

  #enum(): void {
    const r = this.random
    let value = -1
    const values = Array.from({ length: 3 }, () => {
      const given = r.chance(50)
      value = given ? r.below(300) - 100 : value + 1
      return { name: this.name("K"), given, value }
    })
    this.before += `enum kind { ${values.map(k => (k.given ? `${k.name} = ${k.value}` : k.name)).join(", ")} }; `
    this.enumerators = values.map(k => k.name)
    this.enumType = { name: "enum kind", bits: 32, signed: values.some(k => k.value < 0) }
  }

  #table(): void {
    const r = this.random
    const type = r.pick(intTypes)
    const count = 1 << (1 + r.below(3))
    const name = this.name("table")
    const values = Array.from({ length: count }, () => this.constant())
    const entries = r.chance(20) ? values.map((v, i) => `[${count - 1 - i}] = ${v}`) : values
    this.before += `static const ${type.name} ${name}[${count}] = {${entries.join(", ")}}; `
    this.arrays.push({ name, type, count, constant: true })
  }

  /** A variable outside of the function, which sets it before anything else. */
  #global(): void {
    const type = this.random.pick(intTypes)
    const name = this.name("g")
    this.before += `static ${type.name} ${name}; `
    this.#globals.push({ name, type })
  }

  /** Writes a function with a scope of its own. */
  #function(params: Helper["params"], text: () => void): string {
    const saved = { ...this.#takeScope() }
    this.scalars = params.flatMap((type, i) => (typeof type === "string" ? [] : [{ name: `p${i}`, type }]))
    this.records = params.flatMap((type, i) => (type === "record" ? [`p${i}`] : []))
    this.body = ""
    text()
    const body = this.body
    Object.assign(this, saved.lists)
    this.body = saved.body
    return body
  }

  #takeScope() {
    const { scalars, arrays, records, unions, pointers, helpers, outers } = this
    const lists = { scalars, arrays, records, unions, pointers, helpers, outers }
    const body = this.body
    this.arrays = arrays.filter(t => t.constant)
    this.outers = []
    this.unions = []
    this.pointers = []
    return { lists, body }
  }

  /** A static function of a few integers or records; sometimes it returns early or loops. */
  #helper(): void {
    const r = this.random
    const params = Array.from({ length: 1 + r.below(3) }, (_, i) =>
      i > 0 && this.fields.length > 0 && r.chance(25) ? "record" : r.pick(intTypes),
    )
    const name = this.name("helper")
    const body = this.#function(params, () => {
      if (r.chance(30)) this.say(`if (${this.expr(1)}) return ${this.expr(1)};`)
      for (let n = r.below(3); n > 0; n--) this.#statement(1)
      this.say(`return ${this.expr(2)};`)
    })
    const list = params.map((type, i) => `${type === "record" ? "struct record" : type.name} p${i}`).join(", ")
    const inline = r.pick(["", "", "inline ", "__attribute__((noinline)) "])
    this.before += `static ${inline}${r.pick(intTypes).name} ${name}(${list}) { ${body}} `
    this.helpers.push({ name, params, returns: "number" })
  }

  /** A function that changes what a pointer points to. */
  #pointerHelper(): void {
    const r = this.random
    const name = this.name("store")
    const params = ["pointer", r.pick(intTypes)] as const
    const body = this.#function(params, () => {
      this.pointers = [{ name: "p0", type: u64 }]
      this.say(`if (${this.expr(1)}) *p0 ${r.pick(["^=", "+=", "-=", "|="])} ${this.expr(2)};`)
      this.say(`*p0 = ${this.expr(2)};`)
    })
    this.before += `static void ${name}(u64 *p0, ${params[1].name} p1) { ${body}} `
    this.helpers.push({ name, params, returns: "nothing" })
  }

  /** A function that takes a record by value and gives one back. */
  #recordHelper(): void {
    const r = this.random
    const name = this.name("change")
    const params = ["record", r.pick(intTypes)] as const
    const body = this.#function(params, () => {
      const plain = this.fields.filter(f => f.count === undefined)
      for (const f of plain.slice(0, 1 + r.below(2)))
        this.say(`p0.${f.name} = (${f.type.name}) (${this.expr(1)}) ^ p0.${f.name};`)
      if (r.chance(30)) this.say(`if (${this.expr(1)}) return (struct record) {${this.expr(1)}};`)
      this.say("return p0;")
    })
    this.before += `static struct record ${name}(struct record p0, ${params[1].name} p1) { ${body}} `
    this.helpers.push({ name, params, returns: "record" })
  }

  // Declarations.

  #declare(): void {
    const r = this.random
    const type = r.pick(intTypes)
    const name = this.name("v")
    const qualifier = r.chance(8) ? "volatile " : ""
    this.say(`${qualifier}${type.name} ${name} = ${this.expr(2)};`)
    this.scalars.push({ name, type })
  }

  #array(): void {
    const r = this.random
    const type = r.pick(intTypes)
    const count = 2 + r.below(6)
    const name = this.name("t")
    const values = Array.from({ length: r.below(count + 1) }, () => (r.chance(50) ? this.constant() : this.expr(1)))
    this.say(`${type.name} ${name}[${count}] = {${values.join(", ")}};`)
    this.arrays.push({ name, type, count, constant: false })
  }

  #object(): void {
    const r = this.random
    const name = this.name("r")
    const parts = this.fields
      .filter(() => r.chance(60))
      .map(f => `.${f.name} = ${f.count === undefined ? this.expr(1) : `{${this.expr(1)}}`}`)
    this.say(`struct record ${name} = {${parts.join(", ")}};`)
    this.records.push(name)
  }

  #unionObject(): void {
    const name = this.name("n")
    this.say(`union parts ${name} = {.${this.parts[0].name} = ${this.expr(1)}};`)
    this.unions.push(name)
  }

  /** A pointer to a variable, or to one of two. */
  #pointer(): void {
    const r = this.random
    const { type } = r.pick(this.scalars)
    const volatiles = this.body
    const targets = this.scalars.filter(v => v.type === type && !volatiles.includes(`volatile ${type.name} ${v.name} `))
    if (targets.length === 0) return
    const name = this.name("q")
    const target = () => `&${r.pick(targets).name}`
    this.say(`${type.name} *${name} = ${r.chance(30) ? `${this.expr(1)} ? ${target()} : ${target()}` : target()};`)
    this.pointers.push({ name, type })
  }

  // Statements.

  /** A statement of the function's own block, where labels may stand. */
  #outermost(): void {
    const r = this.random
    const label = this.name("l")
    if (r.chance(7)) {
      this.say(`if (${this.expr(2)}) goto ${label};`)
      this.#statement(2)
      this.say(`${label}: ;`)
    } else if (r.chance(5)) {
      const n = this.name("i")
      this.say(`u32 ${n} = 0; ${label}: ${n}++;`)
      this.counters.push(n)
      this.#statement(1)
      this.counters.pop()
      this.say(`if (${n} < ${1 + r.below(4)}) goto ${label};`)
    } else this.#statement(2)
  }

  #statement(depth: number): void {
    const r = this.random
    switch (r.below(depth > 0 ? 12 : 7)) {
      case 0:
      case 1:
        this.say(`${this.#target()} = ${this.expr(3)};`)
        return
      case 2:
        this.#compound()
        return
      case 3:
        this.#step()
        return
      case 4:
        if (r.chance(25)) this.atomic()
        else if (this.outers.length === 0 || r.chance(70)) this.#copy()
        else this.outerCopy()
        return
      case 5:
        this.#store()
        return
      case 6:
        this.say(`${this.#target()} = ${this.expr(1)}, ${this.#target()} = ${this.expr(2)};`)
        return
      case 7:
      case 8:
        this.say(`if (${this.expr(2)}) {`)
        this.#block(depth - 1)
        if (r.chance(50)) {
          this.say("} else {")
          this.#block(depth - 1)
        }
        this.say("}")
        return
      case 9:
        this.#loop(depth)
        return
      case 10:
        this.#switch(depth)
        return
      default:
        this.say("{")
        this.inside(() => {
          this.#declare()
          this.#statement(depth - 1)
        })
        this.say("}")
    }
  }

  #block(depth: number): void {
    this.inside(() => {
      for (let n = 1 + this.random.below(3); n > 0; n--) this.#statement(depth)
    })
  }

  #loop(depth: number): void {
    const r = this.random
    if (this.#loops >= 2) return
    const i = this.name("i")
    const count = 1 + r.below(this.#loops > 0 ? 3 : 6)
    this.#loops++
    const [open, close] = r.pick([
      [`for (int ${i} = 0; ${i} < ${count}; ${i}++) {`, "}"],
      [`{ int ${i} = 0; while (${i} < ${count}) { ${i}++;`, "} }"],
      [`{ int ${i} = 0; do { ${i}++;`, `} while (${i} < ${count}); }`],
      [`for (u8 ${i} = ${count}; ${i}--; ) {`, "}"],
    ])
    this.say(open)
    this.counters.push(i)
    if (r.chance(20)) this.say(`if (${this.expr(1)}) ${r.pick(["break", "continue"])};`)
    this.#block(depth - 1)
    this.counters.pop()
    this.say(close)
    this.#loops--
  }

  #switch(depth: number): void {
    const r = this.random
    this.say(`switch ((${this.expr(2)}) & 7) {`)
    const start = r.below(3)
    for (let label = start; label < 8; label += 1 + r.below(3)) {
      const range = r.chance(20) && label < 7
      this.say(range ? `case ${label} ... ${label + 1}:` : `case ${label}:`)
      if (range) label++
      this.#block(depth - 1)
      if (r.chance(70)) this.say("break;")
    }
    if (r.chance(60)) {
      this.say("default:")
      this.#block(depth - 1)
    }
    this.say("}")
  }

  /** `x op= e`, with the right operand narrow enough that nothing overflows. */
  #compound(): void {
    const r = this.random
    const { name, type } = r.pick(this.scalars)
    const promoted = Math.max(type.bits, 32)
    const free = !type.signed && type.bits >= 32
    switch (r.below(6)) {
      case 0:
        this.say(`${name} ${r.pick(["&=", "|=", "^="])} ${this.expr(2)};`)
        return
      case 1:
        this.say(`${name} >>= (${this.expr(1)}) & ${promoted - 1};`)
        return
      case 2:
        if (!type.signed)
          this.say(`${name} <<= (${this.expr(1)}) & ${type.bits === 32 || type.bits === 64 ? type.bits - 1 : 15};`)
        return
      case 3:
        this.say(`${name} ${r.pick(["/=", "%="])} ((u8) (${this.expr(1)}) | 1);`)
        return
      case 4:
        this.say(`${this.#target()} ${r.pick(["&=", "|=", "^="])} ${this.expr(1)};`)
        return
      default:
        if (free) this.say(`${name} ${r.pick(["+=", "-=", "*="])} (${type.name}) (${this.expr(2)});`)
        else if (type.bits < 32) this.say(`${name} ${r.pick(["+=", "-=", "*="])} (s8) (${this.expr(2)});`)
    }
  }

  #step(): void {
    const r = this.random
    const safe = this.scalars.filter(v => !v.type.signed || v.type.bits < 32)
    if (safe.length === 0) return
    const { name } = r.pick(safe)
    const text = r.pick([`${name}++`, `${name}--`, `++${name}`, `--${name}`])
    const into = r.pick(this.scalars)
    // The value goes to another variable, or is dropped.
    if (into.name !== name && this.pointers.length === 0 && r.chance(50)) this.say(`${into.name} = ${text};`)
    else this.say(`${text};`)
  }

  #copy(): void {
    const r = this.random
    if (this.records.length === 0) return
    const to = r.pick(this.records)
    const from = r.pick(this.records)
    const change = this.helpers.find(h => h.returns === "record")
    if (change !== undefined && r.chance(50)) this.say(`${to} = ${change.name}(${from}, ${this.expr(1)});`)
    else if (r.chance(30)) this.say(`${to} = (struct record) {${this.expr(1)}};`)
    else if (r.chance(20)) this.say(`${to} = ${this.expr(1)} ? ${from} : ${to};`)
    else this.say(`${to} = ${from};`)
  }

  /** A call of a helper that changes a variable through a pointer, or a change through a pointer. */
  #store(): void {
    const r = this.random
    const helper = this.helpers.find(h => h.returns === "nothing")
    const wide = this.pointers.filter(p => p.type === u64)
    if (helper !== undefined && wide.length > 0 && r.chance(50))
      this.say(`${helper.name}(${r.pick(wide).name}, ${this.expr(1)});`)
    else if (helper !== undefined && this.scalars.some(v => v.name === "b"))
      this.say(`${helper.name}(&b, ${this.expr(1)});`)
    else if (this.pointers.length > 0)
      this.say(`*${r.pick(this.pointers).name} ${r.pick(["=", "^=", "|="])} ${this.expr(2)};`)
  }

  /** Something to assign to. */
  #target(): string {
    const r = this.random
    if (this.records.length > 0 && r.chance(30)) return this.member(r.pick(this.records), r.pick(this.fields))
    if (this.unions.length > 0 && r.chance(15)) return this.member(r.pick(this.unions), r.pick(this.parts))
    if (this.pointers.length > 0 && r.chance(15)) return `*${r.pick(this.pointers).name}`
    const writable = this.arrays.filter(t => !t.constant)
    if (writable.length > 0 && r.chance(30)) return this.element(r.pick(writable))
    return r.pick(this.scalars).name
  }

  /** Every variable in one number: a sum without brackets, which clang (and skep) take 256 of. */
  #digest(): string {
    const values: string[] = []
    const add = (value: string) => values.push(value)
    for (const v of this.scalars) add(v.name)
    for (const t of this.arrays) if (!t.constant) for (let i = 0; i < t.count; i++) add(`${t.name}[${i}]`)
    for (const name of this.unions) add(`${name}.${this.parts[0].name}`)
    for (const record of this.records) {
      for (const f of this.fields) {
        if (f.count === undefined) add(`(${f.type.name}) ${record}.${f.name}`)
        else for (let i = 0; i < f.count; i++) add(`${record}.${f.name}[${i}]`)
      }
    }
    return (
      values.map((value, i) => `(u64) ${value} * ${BigInt.asUintN(64, 31n ** BigInt(i + 1))}ull`).join(" + ") || "0"
    )
  }
}
