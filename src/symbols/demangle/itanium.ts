import { BUILTIN, BUILTIN_D, LITERAL, OPERATORS, SPECIAL, STANDARD, STANDARD_WHOLE } from "./itaniumTables.ts"

/** Characters of all parts of a result above this are a name made to be long: substitutions can double each other. */
const LONGEST = 1 << 18
const DEEPEST = 200

/** A name of C++ as its source has it, with its parameters, as c++filt(1) writes it; undefined for one that is none or is not understood. */
export function demangleItanium(name: string): string | undefined {
  const found = /^_{1,3}(Z[^.]+)(\..*)?$/.exec(name.replace(/@.*$/, ""))
  if (found === null) return undefined
  try {
    const reader = new Reader(found[1].slice(1))
    const text = reader.encoding()
    if (!reader.ended) return undefined
    const clones = found[2]?.match(/\.[A-Za-z_]+(\.\d+)*|\.\d+/g) ?? []
    return text + clones.map(clone => ` [clone ${clone}]`).join("")
  } catch {
    return undefined
  }
}

/** A type: what stands before a declared name and what behind it. */
interface Type {
  readonly left: string
  readonly right: string
  /** A function or an array, of which a pointer needs parentheses. */
  readonly needs?: boolean
  /** The types of a pack of template arguments. */
  readonly pack?: readonly Type[]
}

const plain = (left: string): Type => ({ left, right: "" })
const text = ({ left, right, pack }: Type): string => (pack === undefined ? left + right : pack.map(text).join(", "))

interface Name {
  readonly text: string
  /** It ends in template arguments, so that the function's result is told. */
  readonly isTemplate: boolean
  /** Constructor, destructor, conversion: no result is told. */
  readonly noResult: boolean
  /** `const` and its like of a member function. */
  readonly qualifiers: string
}

class Reader {
  readonly #input: string
  #at = 0
  #depth = 0
  #length = 0
  readonly #substitutions: Type[] = []
  /** Arguments of the template whose parameters are meant by `T_`. */
  #arguments: Type[] = []

  constructor(input: string) {
    this.#input = input
  }

  get ended(): boolean {
    return this.#at === this.#input.length
  }

  encoding(): string {
    return this.#nested(() => {
      const special = this.#special()
      if (special !== undefined) return special
      const outer = this.#arguments
      const name = this.#name(true)
      if (this.ended || this.#peek("E")) return name.text + name.qualifiers
      const result = name.isTemplate && !name.noResult ? this.#type() : undefined
      const params = this.#parameters()
      this.#arguments = outer
      const before =
        result === undefined ? "" : result.left + (/[*&(]$/.test(result.left) && result.needs !== undefined ? "" : " ")
      return `${before}${name.text}(${params})${name.qualifiers}${result?.right ?? ""}`
    })
  }

  #special(): string | undefined {
    const two = this.#input.slice(this.#at, this.#at + 2)
    const known = SPECIAL.get(two)
    if (known !== undefined) {
      this.#at += 2
      return known + (two === "GV" || two === "TH" || two === "TW" ? this.#name(true).text : text(this.#type()))
    }
    if (this.#accept("GR")) {
      const name = this.#name(true).text
      return `reference temporary #${this.#sequence()} for ${name}`
    }
    if (this.#accept("TC")) {
      const of = text(this.#type())
      this.#match(/\d+/y)
      this.#expect("_")
      return `construction vtable for ${of}-in-${text(this.#type())}`
    }
    if (this.#accept("GTt")) return `transaction clone for ${this.encoding()}`
    if (!/^T[hvc]/.test(two)) return undefined
    this.#at++
    const covariant = this.#accept("c")
    const virtual = this.#callOffset()
    if (covariant) this.#callOffset()
    const kind = covariant ? "covariant return" : virtual ? "virtual" : "non-virtual"
    return `${kind} thunk to ${this.encoding()}`
  }

  #callOffset(): boolean {
    const virtual = this.#accept("v")
    if (!virtual) this.#expect("h")
    this.#match(virtual ? /n?\d+_n?\d+_/y : /n?\d+_/y)
    return virtual
  }

  #parameters(): string {
    if (this.#peek("v") && /^v($|E)/.test(this.#input.slice(this.#at, this.#at + 2))) {
      this.#at++
      return ""
    }
    const types: string[] = []
    while (!this.ended && !this.#peek("E") && !/^[RO]E/.test(this.#input.slice(this.#at, this.#at + 2))) {
      const type = this.#type()
      if (type.pack === undefined || type.pack.length > 0) types.push(text(type))
    }
    return types.join(", ")
  }

  /** A name; in an encoding's own name the template arguments are those of its parameters. */
  #name(own: boolean): Name {
    if (this.#peek("N")) return this.#nestedName(own)
    if (this.#accept("Z")) return this.#localName(own)
    let start: string
    let noResult = false
    if (this.#peek("S") && !this.#peek("St")) start = text(this.#substitution())
    else {
      const standard = this.#accept("St") ? "std::" : ""
      this.#accept("L")
      noResult = this.#peek("cv")
      start = standard + this.#unqualified("")
      if (this.#peek("I")) this.#substitutions.push(plain(start))
    }
    if (!this.#peek("I")) return { text: start, isTemplate: false, noResult, qualifiers: "" }
    return { text: withArguments(start, this.#templateArguments(own)), isTemplate: true, noResult, qualifiers: "" }
  }

  #nestedName(own: boolean): Name {
    this.#expect("N")
    const qualifiers = this.#qualifiers() + (this.#accept("R") ? " &" : this.#accept("O") ? " &&" : "")
    let whole = ""
    let last = ""
    let isTemplate = false
    let noResult = false
    while (!this.#accept("E")) {
      const known = this.#peek("S") && !this.#peek("St")
      if (this.#peek("I")) {
        whole = withArguments(whole, this.#templateArguments(own))
        isTemplate = true
      } else if (this.#peek("S")) {
        const letter = this.#input[this.#at + 1]
        whole = this.#accept("St") ? "std" : text(this.#substitution(/[CDB]/.test(this.#input[this.#at + 2])))
        last = STANDARD_WHOLE.has(letter) ? `basic_${STANDARD.get(letter)?.slice(5)}` : lastName(whole)
        if (whole === "std") continue
      } else {
        noResult = /^([CD]\d|CI\d|cv)/.test(this.#input.slice(this.#at, this.#at + 3))
        isTemplate = false
        if (this.#peek("T")) whole = last = text(this.#templateParameter())
        else if (this.#peek("Dt") || this.#peek("DT")) whole = last = text(this.#type())
        else {
          this.#accept("L")
          const part = this.#unqualified(last)
          if (!noResult) last = part.replace(/\[abi:.*$/, "")
          whole += whole === "" ? part : `::${part}`
        }
      }
      this.#accept("M")
      if (!known && !this.#peek("E")) this.#substitutions.push(plain(whole))
    }
    return { text: whole, isTemplate, noResult, qualifiers }
  }

  #localName(own: boolean): Name {
    const function_ = this.encoding()
    this.#expect("E")
    if (this.#accept("s")) {
      this.#discriminator()
      return { text: `${function_}::string literal`, isTemplate: false, noResult: true, qualifiers: "" }
    }
    let argument = ""
    if (this.#accept("d")) argument = `{default arg#${this.#sequence() + 1}}::`
    const name = this.#name(own)
    this.#discriminator()
    return { ...name, text: `${function_}::${argument}${name.text}` }
  }

  #discriminator(): void {
    if (this.#peek("_")) this.#match(/__\d+_|_\d/y)
  }

  /** A name without what it belongs to; `outer` is the class whose constructor it may be. */
  #unqualified(outer: string): string {
    let name: string
    const two = this.#input.slice(this.#at, this.#at + 2)
    if (/^\d/.test(two)) name = this.#sourceName()
    else if (/^C\d|^CI/.test(two)) {
      this.#at += 2
      if (two === "CI") {
        this.#at++
        this.#type()
      }
      name = outer
    } else if (/^D\d/.test(two)) {
      this.#at += 2
      name = `~${outer}`
    } else if (two === "DC") {
      this.#at += 2
      const names: string[] = []
      while (!this.#accept("E")) names.push(this.#sourceName())
      name = `[${names.join(", ")}]`
    } else if (this.#accept("Ut")) name = `{unnamed type#${this.#sequence() + 1}}`
    else if (this.#accept("Ul")) {
      const params = this.#parameters()
      this.#expect("E")
      name = `{lambda(${params})#${this.#sequence() + 1}}`
    } else if (this.#accept("cv")) name = `operator ${text(this.#type())}`
    else if (this.#accept("li")) name = `operator"" ${this.#sourceName()}`
    else {
      const operator = OPERATORS.get(two)
      if (operator === undefined) throw new Error(two)
      this.#at += 2
      name = `operator${operator}`
    }
    while (this.#accept("B")) name += `[abi:${this.#sourceName()}]`
    return name
  }

  #sourceName(): string {
    const length = Number(this.#match(/\d{1,6}/y))
    const name = this.#input.slice(this.#at, this.#at + length)
    if (name.length < length) throw new Error("length")
    this.#at += length
    return /^_GLOBAL_[._$]N/.test(name) ? "(anonymous namespace)" : name
  }

  #templateArguments(own: boolean): string {
    this.#expect("I")
    const args: Type[] = []
    while (!this.#accept("E")) args.push(this.#templateArgument())
    if (own) this.#arguments = args
    const list = args
      .filter(arg => arg.pack === undefined || arg.pack.length > 0)
      .map(text)
      .join(", ")
    return `<${list}${list.endsWith(">") ? " " : ""}>`
  }

  #templateArgument(): Type {
    if (this.#peek("L")) return plain(this.#literal())
    if (this.#accept("X")) {
      const expression = this.#expression()
      this.#expect("E")
      return plain(expression)
    }
    if (!this.#accept("J")) return this.#type()
    const pack: Type[] = []
    while (!this.#accept("E")) pack.push(this.#templateArgument())
    return { left: "", right: "", pack }
  }

  #literal(): string {
    this.#expect("L")
    if (this.#accept("_Z") || this.#accept("Z")) {
      const name = this.encoding()
      this.#expect("E")
      return name
    }
    const type = text(this.#type())
    const value = this.#match(/[^E]*/y).replace(/^n/, "-")
    this.#expect("E")
    if (type === "bool") return value === "0" ? "false" : "true"
    const suffix = LITERAL.get(type)
    if (suffix !== undefined) return `${value}${suffix}`
    return type === "decltype(nullptr)" && value === "" ? "nullptr" : `(${type})${value}`
  }

  /** What values of template arguments are computed by: the forms that are met in names. */
  #expression(): string {
    return this.#nested(() => {
      if (this.#peek("L")) return this.#literal()
      if (this.#peek("T")) return text(this.#templateParameter())
      if (this.#accept("sr")) {
        const type = text(this.#type())
        const name = this.#unqualified(type)
        return `${type}::${name}${this.#peek("I") ? this.#templateArguments(false) : ""}`
      }
      if (this.#accept("sZ")) return `sizeof...(${this.#expression()})`
      if (this.#accept("st")) return `sizeof (${text(this.#type())})`
      if (this.#accept("sz")) return `sizeof (${this.#expression()})`
      if (this.#accept("sp")) return `${this.#expression()}...`
      if (this.#accept("nx")) return `noexcept (${this.#expression()})`
      const two = this.#input.slice(this.#at, this.#at + 2)
      const operator = OPERATORS.get(two)
      if (operator === undefined || /^(nw|na|dl|da|cl|ix|qu|pp|mm|pt)$/.test(two)) throw new Error(two)
      this.#at += 2
      const first = this.#expression()
      if (/^(ps|ng|ad|de|co|nt)$/.test(two)) return `${operator}(${first})`
      const whole = `(${first})${operator}(${this.#expression()})`
      return two === "gt" ? `(${whole})` : whole
    })
  }

  #type(): Type {
    if (++this.#depth > DEEPEST) throw new Error("depth")
    const type = this.#typeInside()
    this.#depth--
    this.#length += type.left.length + type.right.length
    if (this.#length > LONGEST) throw new Error("length")
    return type
  }

  #typeInside(): Type {
    const c = this.#input[this.#at] ?? ""
    const builtin = BUILTIN.get(c)
    if (builtin !== undefined) {
      this.#at++
      return plain(builtin)
    }
    if (c === "S" && !this.#peek("St")) {
      const known = this.#substitution()
      if (!this.#peek("I")) return known
      return this.#keep(plain(text(known) + this.#templateArguments(false)))
    }
    if (c === "T" && !/^T[sue]/.test(this.#input.slice(this.#at, this.#at + 2))) {
      const parameter = this.#templateParameter()
      this.#substitutions.push(parameter)
      if (!this.#peek("I")) return parameter
      return this.#keep(plain(text(parameter) + this.#templateArguments(false)))
    }
    if (/[rVK]/.test(c)) {
      const qualifiers = this.#qualifiers()
      const inner = this.#type()
      return this.#keep(
        inner.needs ? { ...inner, right: inner.right + qualifiers } : { ...inner, left: inner.left + qualifiers },
      )
    }
    if (c === "D") {
      const known = this.#typeOfD()
      if (known !== undefined) return known
    }
    this.#at++
    switch (c) {
      case "P":
        return this.#keep(pointer(this.#type(), "*"))
      case "R":
        return this.#keep(pointer(this.#type(), "&"))
      case "O":
        return this.#keep(pointer(this.#type(), "&&"))
      case "C":
        return this.#keep(plain(`${text(this.#type())} _Complex`))
      case "G":
        return this.#keep(plain(`${text(this.#type())} _Imaginary`))
      case "F":
        return this.#keep(this.#function())
      case "A": {
        const size = /^\d/.test(this.#input[this.#at]) ? this.#match(/\d+/y) : this.#peek("_") ? "" : this.#expression()
        this.#expect("_")
        const element = this.#type()
        return this.#keep({
          left: element.left,
          right: ` [${size}]${element.right.replace(/^ (?=\[)/, "")}`,
          needs: true,
        })
      }
      case "M": {
        const of = text(this.#type())
        const member = this.#type()
        return this.#keep(
          member.needs
            ? { left: `${member.left.replace(/ $/, "")} (${of}::*`, right: `)${member.right}` }
            : plain(`${member.left} ${of}::*`),
        )
      }
      case "U": {
        const name = this.#sourceName()
        const args = this.#peek("I") ? this.#templateArguments(false) : ""
        return this.#keep(plain(`${text(this.#type())} ${name}${args}`))
      }
      case "u":
        return this.#keep(plain(this.#sourceName()))
    }
    this.#at--
    this.#accept("Ts") || this.#accept("Tu") || this.#accept("Te")
    return this.#keep(plain(this.#name(false).text))
  }

  /** Types that begin with a `D`; undefined for a function that throws nothing, and for what is no type. */
  #typeOfD(): Type | undefined {
    const second = this.#input[this.#at + 1] ?? ""
    const builtin = BUILTIN_D.get(second)
    if (builtin !== undefined) {
      this.#at += 2
      return plain(builtin)
    }
    if (this.#accept("Dp")) {
      const inner = this.#type()
      return this.#keep(inner.pack === undefined ? plain(`${text(inner)}...`) : inner)
    }
    if (this.#accept("Dt") || this.#accept("DT")) {
      const expression = this.#expression()
      this.#expect("E")
      return this.#keep(plain(`decltype (${expression})`))
    }
    if (this.#accept("Do")) {
      this.#expect("F")
      const { left, right } = this.#function()
      return this.#keep({ left, right: `${right} noexcept`, needs: true })
    }
    if (this.#accept("Dv")) {
      const size = this.#match(/\d+/y)
      this.#expect("_")
      return this.#keep(plain(`${text(this.#type())} __vector(${size})`))
    }
    return undefined
  }

  #function(): Type {
    this.#accept("Y")
    const result = this.#type()
    const params = this.#parameters()
    const reference = this.#accept("R") ? " &" : this.#accept("O") ? " &&" : ""
    this.#expect("E")
    return { left: `${result.left} `, right: `(${params})${reference}${result.right}`, needs: true }
  }

  #templateParameter(): Type {
    this.#expect("T")
    const index = this.#accept("_") ? 0 : Number(this.#match(/\d+(?=_)/y)) + 1
    if (index > 0) this.#expect("_")
    const found = this.#arguments[index]
    if (found === undefined) throw new Error("template parameter")
    return found
  }

  #substitution(whole = false): Type {
    this.#expect("S")
    const letter = this.#input[this.#at]
    const standard = (whole ? STANDARD_WHOLE.get(letter) : undefined) ?? STANDARD.get(letter)
    if (standard !== undefined) {
      this.#at++
      let name = standard
      while (this.#accept("B")) name += `[abi:${this.#sourceName()}]`
      return plain(name)
    }
    const digits = this.#match(/[0-9A-Z]{0,6}(?=_)/y)
    this.#expect("_")
    const found = this.#substitutions[digits === "" ? 0 : Number.parseInt(digits, 36) + 1]
    if (found === undefined) throw new Error("substitution")
    return found
  }

  #keep(type: Type): Type {
    this.#substitutions.push(type)
    return type
  }

  #qualifiers(): string {
    let qualifiers = ""
    if (this.#accept("r")) qualifiers = " restrict"
    if (this.#accept("V")) qualifiers = ` volatile${qualifiers}`
    if (this.#accept("K")) qualifiers = ` const${qualifiers}`
    return qualifiers
  }

  /** `_` is 0, `0_` is 1. */
  #sequence(): number {
    const digits = this.#match(/\d{0,6}_/y)
    return digits === "_" ? 0 : Number.parseInt(digits, 10) + 1
  }

  #nested(read: () => string): string {
    if (++this.#depth > DEEPEST) throw new Error("depth")
    const result = read()
    this.#depth--
    return result
  }

  #peek(what: string): boolean {
    return this.#input.startsWith(what, this.#at)
  }

  #accept(what: string): boolean {
    if (!this.#peek(what)) return false
    this.#at += what.length
    return true
  }

  #expect(what: string): void {
    if (!this.#accept(what)) throw new Error(what)
  }

  /** What a sticky expression matches here. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#input)
    if (found === null) throw new Error(pattern.source)
    this.#at += found[0].length
    return found[0]
  }
}

/** A pointer or reference; references of references are one. */
function pointer(inner: Type, sign: string): Type {
  if (inner.pack !== undefined) return { left: "", right: "", pack: inner.pack.map(one => pointer(one, sign)) }
  if (inner.needs) {
    const left = inner.right.startsWith(" [") ? `${inner.left} ` : inner.left
    return { left: `${left}(${sign}`, right: `)${inner.right}` }
  }
  if (sign.startsWith("&") && inner.left.endsWith("&")) {
    return sign === "&" && inner.left.endsWith("&&") ? { ...inner, left: inner.left.slice(0, -1) } : inner
  }
  return { ...inner, left: inner.left + sign }
}

/** `operator<` does not run into its arguments. */
const withArguments = (name: string, args: string): string => name + (name.endsWith("<") ? " " : "") + args

/** The last part of a qualified name, without its template arguments. */
function lastName(name: string): string {
  let depth = 0
  let end = name.length
  for (let i = name.length - 1; i >= 0; i--) {
    if (name[i] === ">") depth++
    else if (name[i] === "<" && --depth === 0 && end === name.length) end = i
    else if (depth === 0 && name[i] === ":" && name[i - 1] === ":") return name.slice(i + 1, end)
  }
  return name.slice(0, end)
}
