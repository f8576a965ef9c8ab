import type { Btf } from "../../btf/index.ts"

/** Where the simulated kernel's code begins, as without KASLR. */
const TEXT = 0xffffffff81000000n
/** Bytes of each function. */
const SIZE = 256n
/** Where its data is. */
const DATA = 0xffffffff82600000n

/** Addresses of the simulated kernel's functions and of some of its variables. There is no code there: an address is only a name. */
export class KernelSymbols {
  readonly #addresses = new Map<string, bigint>()
  readonly #functions: string[] = []
  readonly #data: string[] = []

  /** The functions that the kernel's types know, and some more, in the order of their names: the same addresses in every run. */
  constructor(btf: Btf, more: readonly string[] = []) {
    const names = new Set<string>(more)
    for (const id of btf.ids("func")) names.add(btf.name(id))
    for (const name of [...names].sort()) this.#place(name)
  }

  /** Whether there is a function of that name. */
  has(name: string): boolean {
    return this.#addresses.has(name)
  }

  /** Names of all functions. */
  get functions(): readonly string[] {
    return this.#functions
  }

  /** Address of a function; one that is not known yet gets one. */
  address(name: string): bigint {
    return this.#addresses.get(name) ?? this.#place(name)
  }

  /** Address of a variable, or of a table of operations. */
  data(name: string): bigint {
    let address = this.#addresses.get(name)
    if (address === undefined) {
      address = DATA + BigInt(this.#data.length) * SIZE
      this.#data.push(name)
      this.#addresses.set(name, address)
    }
    return address
  }

  /** Says where a variable is that lies in the kernel's memory. */
  define(name: string, address: bigint): void {
    this.#addresses.set(name, address)
  }

  /** Address of a symbol that there is. */
  find(name: string): bigint | undefined {
    return this.#addresses.get(name)
  }

  /** The function that an address lies in, and how far; undefined elsewhere. */
  at(address: bigint): { readonly name: string; readonly offset: number } | undefined {
    const [from, names] = address >= DATA ? [DATA, this.#data] : [TEXT, this.#functions]
    const index = (address - from) / SIZE
    if (address < TEXT || index >= BigInt(names.length)) return undefined
    return { name: names[Number(index)], offset: Number((address - from) % SIZE) }
  }

  #place(name: string): bigint {
    const address = TEXT + BigInt(this.#functions.length) * SIZE
    this.#functions.push(name)
    this.#addresses.set(name, address)
    return address
  }
}
