import { Expressions } from "./expressions.ts"
import { intTypes, type Variable } from "./scope.ts"

/** Text that is written down in pieces, and objects that are named like simpler ones: a row of a matrix as an array, `*p` as a pointer. */
export class Objects extends Expressions {
  /** What stands before the function. */
  protected before = ""
  protected body = ""
  #turn: string | undefined

  protected say(text: string): void {
    this.body += `${text} `
  }

  /** A record with a record in it, and a function that takes it by value and gives one back. */
  protected outerRecord(): void {
    const r = this.random
    const [before, after] = [r.pick(intTypes), r.pick(intTypes)]
    const plain = this.fields.find(f => f.count === undefined)
    const change = plain === undefined ? "" : `p0.inner.${plain.name} ^= p1; `
    this.before += `struct outer { ${before.name} before; struct record inner; struct { ${after.name} after; u16 list[2]; } own; }; `
    if (!r.chance(70)) return
    this.#turn = this.name("turn")
    const inline = r.pick(["", "__attribute__((noinline)) "])
    this.before += `static ${inline}struct outer ${this.#turn}(struct outer p0, u32 p1) { ${change}p0.own.list[p1 & 1] = p1; p0.before = p0.own.after; return p0; } `
  }

  /** Objects with records in them, where such records were defined; pointers to records; arrays of records. */
  protected moreRecords(): void {
    const r = this.random
    if (this.before.includes("struct outer {")) {
      for (let n = 1 + r.below(2); n > 0; n--) {
        const name = this.name("o")
        this.say(`struct outer ${name} = {.own = {.list = {${this.expr(1)}}}, .inner = ${r.pick(this.records)}};`)
        this.outers.push(name)
      }
    }
    const fresh = this.outers.map(name => `${name}.inner`)
    if (r.chance(15)) {
      const name = this.name("rs")
      this.say(`struct record ${name}[2] = {[1] = {${this.expr(1)}}};`)
      fresh.push(`${name}[0]`, `${name}[1]`, `${name}[b & 1]`)
    }
    if (r.chance(20)) {
      const name = this.name("rp")
      this.say(`struct record *${name} = &${r.pick(this.records)};`)
      fresh.push(`(*${name})`)
    }
    this.records.push(...fresh)
  }

  protected outerCopy(): void {
    const r = this.random
    const [to, from] = [r.pick(this.outers), r.pick(this.outers)]
    if (this.#turn !== undefined && r.chance(50)) this.say(`${to} = ${this.#turn}(${from}, ${this.expr(1)});`)
    else if (r.chance(40))
      this.say(`${to}.own.list[${this.index(2)}] = ${from}.own.list[${this.index(2)}] + ${from}.before;`)
    else if (r.chance(30)) this.say(`${to}.own = ${from}.own;`)
    else this.say(`${to} = ${from};`)
  }

  /** An array of arrays, whose rows are arrays. */
  protected matrix(): void {
    const r = this.random
    const type = r.pick(intTypes)
    const name = this.name("d")
    const count = 2 + r.below(2)
    const row = () => `{${Array.from({ length: r.below(count + 1) }, () => this.expr(1)).join(", ")}}`
    this.say(`${type.name} ${name}[2][${count}] = {${r.pick([`${row()}, ${row()}`, row(), `[1] = ${row()}`])}};`)
    for (const at of ["0", "1", "b & 1"]) this.arrays.push({ name: `${name}[${at}]`, type, count, constant: false })
  }

  /** A variable that outlives the function, which sets it first. */
  protected staticLocal(): void {
    const type = this.random.pick(intTypes)
    const name = this.name("k")
    this.say(`static ${type.name} ${name} = ${this.random.below(100)}; ${name} = ${this.expr(1)};`)
    this.scalars.push({ name, type })
  }

  protected enumVariable(): void {
    const name = this.name("k")
    this.say(`enum kind ${name} = ${this.random.pick([...this.enumerators, `(enum kind) (${this.expr(1)})`])};`)
    this.scalars.push({ name, type: this.enumType! })
  }

  /** A pointer to a pointer that there is. */
  protected pointerToPointer(): void {
    if (this.pointers.length === 0) return
    const { name: target, type } = this.random.pick(this.pointers)
    const name = this.name("qq")
    this.say(`${type.name} **${name} = &${target};`)
    this.pointers.push({ name: `*${name}`, type })
  }

  /** An atomic change of a variable, whose old value goes to another or is dropped. */
  protected atomic(): void {
    const r = this.random
    const plain = (v: Variable): boolean => !this.body.includes(`volatile ${v.type.name} ${v.name} `)
    const wide = this.scalars.filter(v => /^u(32|64)$/.test(v.type.name) && plain(v))
    if (wide.length === 0) return
    const { name, type } = r.pick(wide)
    const value = `(${type.name}) (${this.expr(2)})`
    const change = r.pick([
      `__sync_fetch_and_${r.pick(["add", "or", "and", "xor"])}(&${name}, ${value})`,
      `__sync_lock_test_and_set(&${name}, ${value})`,
      `__sync_val_compare_and_swap(&${name}, ${value}, ${this.expr(1)})`,
      `__atomic_fetch_${r.pick(["add", "sub"])}(&${name}, ${value}, __ATOMIC_SEQ_CST)`,
    ])
    const into = r.pick(this.scalars)
    this.say(
      into.name === name || this.pointers.length > 0 || r.chance(40) ? `${change};` : `${into.name} = ${change};`,
    )
  }
}
