/** A kernel enumeration: numbers, names and the kernel versions that brought them. Indexed when first asked. */
export class TypeNames {
  readonly #first: number
  readonly #table: string
  #names: string[] | undefined
  #since: string[] = []
  #numbers = new Map<string, number>()

  /** `table` is `name version` pairs, separated by commas, for consecutive numbers that start at `first`. */
  constructor(first: number, table: string) {
    this.#first = first
    this.#table = table
  }

  /** The name of a number. */
  name(number: number): string | undefined {
    return this.#index()[number - this.#first]
  }

  /** The number of a name. */
  number(name: string): number | undefined {
    this.#index()
    return this.#numbers.get(name)
  }

  /** The first kernel version that has a name, for example `4.10`. */
  since(name: string): string | undefined {
    const number = this.number(name)
    return number === undefined ? undefined : this.#since[number - this.#first]
  }

  /** All names, in the order of their numbers. */
  names(): readonly string[] {
    return this.#index()
  }

  #index(): string[] {
    if (this.#names === undefined) {
      this.#names = []
      for (const entry of this.#table.split(",")) {
        const [name, version] = entry.split(" ")
        this.#numbers.set(name, this.#first + this.#names.length)
        this.#names.push(name)
        this.#since.push(version)
      }
    }
    return this.#names
  }
}
