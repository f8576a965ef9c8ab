/** Characters of a result above this are a name made to be long: back references can repeat each other. */
const LONGEST = 16384
const DEEPEST = 100

/** A name of Rust as its source has it, without the hashes of crates; undefined for one that is none. */
export function demangleRust(name: string): string | undefined {
  // LLVM puts what tells copies apart behind a dot.
  const bare = name.replace(/\.(llvm\.[\dA-F]+|\d+)$/, "").replace(/^__?(?=_R|_ZN|R|ZN)/, "_")
  const legacy = /^_ZN(.+)17h[0-9a-f]{16}E(\..*)?$/.exec(bare)
  if (legacy !== null) return demangleLegacy(legacy[1])
  if (!/^_R[A-Z]/.test(bare)) return undefined
  try {
    return new Version0(bare.slice(2).replace(/\..*$/, "")).whole()
  } catch {
    return undefined
  }
}

const MARKS: Readonly<Record<string, string>> = {
  SP: "@",
  BP: "*",
  RF: "&",
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  C: ",",
}

/** `4core3fmt5Write9write_fmt`: lengths and names, in which `$LT$` and its like stand for signs. */
function demangleLegacy(text: string): string | undefined {
  const parts: string[] = []
  for (let at = 0; at < text.length; ) {
    const digits = /^\d+/.exec(text.slice(at, at + 6))?.[0]
    if (digits === undefined) return undefined
    const start = at + digits.length
    at = start + Number(digits)
    if (at > text.length) return undefined
    const part = text.slice(start, at).replace(/^_\$/, "$").replaceAll("..", "::")
    parts.push(
      part.replace(/\$(\w+?)\$/g, (whole, mark: string) =>
        /^u[0-9a-f]{1,6}$/.test(mark) ? codePoint(mark.slice(1)) : (MARKS[mark] ?? whole),
      ),
    )
  }
  return parts.join("::")
}

function codePoint(hex: string): string {
  const n = Number.parseInt(hex, 16)
  return n < 0x11_0000 ? String.fromCodePoint(n) : ""
}

// Source: Rust RFC 2603, "v0" symbol names.
const BASIC: Readonly<Record<string, string>> = Object.fromEntries(
  "a:i8 b:bool c:char d:f64 e:str f:f32 h:u8 i:isize j:usize l:i32 m:u32 n:i128 o:u128 s:i16 t:u16 u:() v:... x:i64 y:u64 z:! p:_"
    .split(" ")
    .map(pair => pair.split(":")),
)

/** A name of the second mangling, `_R…`. Throws for what is none. */
class Version0 {
  readonly #text: string
  #at = 0
  #depth = 0
  #length = 0
  /** Lifetimes that enclosing `for<…>` introduce. */
  #bound = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): string {
    const path = this.#path(true)
    // A path of the crate that made the instance may follow.
    return path
  }

  #path(inValue: boolean): string {
    return this.#nested(() => {
      const tag = this.#next()
      switch (tag) {
        case "C": {
          this.#disambiguator()
          return this.#identifier()
        }
        case "N": {
          const space = this.#next()
          const parent = this.#path(inValue)
          const number = this.#disambiguator()
          const name = this.#identifier()
          if (/[a-z]/.test(space)) return name === "" ? parent : `${parent}::${name}`
          const kind = space === "C" ? "closure" : space === "S" ? "shim" : space
          return `${parent}::{${kind}${name === "" ? "" : `:${name}`}#${number}}`
        }
        case "M":
        case "X": {
          this.#disambiguator()
          this.#path(false)
          return this.#qualified(tag === "X")
        }
        case "Y":
          return this.#qualified(true)
        case "I": {
          const path = this.#path(inValue)
          const args = this.#until(() => this.#genericArgument()).join(", ")
          return `${path}${inValue ? "::" : ""}<${args}>`
        }
        case "B":
          return this.#back(() => this.#path(inValue))
      }
      throw new Error(tag)
    })
  }

  #qualified(hasTrait: boolean): string {
    const type = this.#type()
    return hasTrait ? `<${type} as ${this.#path(false)}>` : `<${type}>`
  }

  #genericArgument(): string {
    if (this.#accept("L")) return this.#lifetime(this.#base62())
    return this.#accept("K") ? this.#constant() : this.#type()
  }

  #type(): string {
    return this.#nested(() => {
      const tag = this.#next()
      const basic = BASIC[tag]
      if (basic !== undefined) return basic
      switch (tag) {
        case "R":
        case "Q": {
          const lifetime = this.#accept("L") ? this.#lifetime(this.#base62()) : ""
          return `&${lifetime === "" || lifetime === "'_" ? "" : `${lifetime} `}${tag === "Q" ? "mut " : ""}${this.#type()}`
        }
        case "P":
          return `*const ${this.#type()}`
        case "O":
          return `*mut ${this.#type()}`
        case "A": {
          const element = this.#type()
          return `[${element}; ${this.#constant()}]`
        }
        case "S":
          return `[${this.#type()}]`
        case "T": {
          const types = this.#until(() => this.#type())
          return types.length === 1 ? `(${types[0]},)` : `(${types.join(", ")})`
        }
        case "F":
          return this.#binder(() => this.#signature())
        case "D": {
          const bounds = this.#binder(() => this.#until(() => this.#bound1()).join(" + "))
          this.#expect("L")
          const lifetime = this.#lifetime(this.#base62())
          return `dyn ${bounds}${lifetime === "'_" ? "" : ` + ${lifetime}`}`
        }
        case "B":
          return this.#back(() => this.#type())
      }
      this.#at--
      return this.#path(false)
    })
  }

  #signature(): string {
    const unsafe = this.#accept("U") ? "unsafe " : ""
    const abi = this.#accept("K") ? (this.#accept("C") ? "C" : this.#identifier().replaceAll("_", "-")) : ""
    const params = this.#until(() => this.#type()).join(", ")
    const result = this.#type()
    return `${unsafe}${abi === "" ? "" : `extern "${abi}" `}fn(${params})${result === "()" ? "" : ` -> ${result}`}`
  }

  /** A trait, with the types of its members. */
  #bound1(): string {
    let path = this.#path(false)
    const members: string[] = []
    while (this.#accept("p")) members.push(`${this.#identifier()} = ${this.#type()}`)
    if (members.length > 0) {
      path = path.endsWith(">") ? `${path.slice(0, -1)}, ${members.join(", ")}>` : `${path}<${members.join(", ")}>`
    }
    return path
  }

  #binder(read: () => string): string {
    const count = this.#accept("G") ? this.#base62() + 1 : 0
    if (count > 50) throw new Error("binder")
    this.#bound += count
    const names = Array.from({ length: count }, (_, i) => this.#lifetime(count - i))
    const text = read()
    this.#bound -= count
    return count === 0 ? text : `for<${names.join(", ")}> ${text}`
  }

  #lifetime(index: number): string {
    if (index === 0) return "'_"
    const depth = this.#bound - index
    if (depth < 0) throw new Error("lifetime")
    return depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'_${depth}`
  }

  #constant(): string {
    return this.#nested(() => {
      const tag = this.#next()
      if (tag === "p") return "_"
      if (tag === "B") return this.#back(() => this.#constant())
      if (!/[abchijlmnostxy]/.test(tag)) throw new Error(tag)
      const negative = this.#accept("n")
      const digits = /^[0-9a-f]*_/.exec(this.#text.slice(this.#at))?.[0]
      if (digits === undefined || digits.length > 40) throw new Error("constant")
      this.#at += digits.length
      const value = BigInt(`0x${digits.slice(0, -1) || "0"}`)
      if (tag === "b") return value === 1n ? "true" : "false"
      if (tag === "c") return `'${codePoint(value.toString(16))}'`
      return `${negative ? "-" : ""}${value}`
    })
  }

  #identifier(): string {
    const punycode = this.#accept("u")
    const digits = /^(0|[1-9]\d{0,5})_?/.exec(this.#text.slice(this.#at))
    if (digits === null) throw new Error("identifier")
    const start = this.#at + digits[0].length
    this.#at = start + Number(digits[1])
    if (this.#at > this.#text.length) throw new Error("identifier")
    const name = this.#text.slice(start, this.#at)
    return punycode ? `punycode{${name.replace(/_(?!.*_)/, "-")}}` : name
  }

  #disambiguator(): number {
    return this.#accept("s") ? this.#base62() + 1 : 0
  }

  /** `_` is 0, and digits before it are one less than the number. */
  #base62(): number {
    let value = 0
    for (let first = true; ; first = false) {
      const c = this.#next()
      if (c === "_") return first ? 0 : value + 1
      const digit = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".indexOf(c)
      if (digit < 0 || value > 2 ** 70) throw new Error("base62")
      value = value * 62 + digit
    }
  }

  #back(read: () => string): string {
    const from = this.#at - 1
    const target = this.#base62()
    if (target >= from) throw new Error("back reference")
    const after = this.#at
    this.#at = target
    const text = read()
    this.#at = after
    return text
  }

  #until(read: () => string): string[] {
    const items: string[] = []
    while (!this.#accept("E")) items.push(read())
    return items
  }

  #nested(read: () => string): string {
    if (++this.#depth > DEEPEST) throw new Error("depth")
    const text = read()
    this.#depth--
    this.#length += text.length
    if (this.#length > LONGEST) throw new Error("length")
    return text
  }

  #next(): string {
    if (this.#at >= this.#text.length) throw new Error("end")
    return this.#text[this.#at++]
  }

  #accept(c: string): boolean {
    if (this.#text[this.#at] !== c) return false
    this.#at++
    return true
  }

  #expect(c: string): void {
    if (!this.#accept(c)) throw new Error(c)
  }
}
