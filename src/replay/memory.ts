import type { RecordedRead } from "../record/index.ts"

const PAGE_BITS = 12n
const PAGE = 1 << Number(PAGE_BITS)

interface Page {
  readonly bytes: Uint8Array
  /** 1 for each byte that was recorded. */
  readonly known: Uint8Array
}

/** Memory of the recorded computer, as far as programs read it: what was read last at each address. */
export class RecordedMemory {
  readonly #pages = new Map<bigint, Page>()
  /** Addresses that could not be read there, either. */
  readonly #refused = new Set<bigint>()
  /** Reads of memory that was not recorded. */
  missing = 0

  /** Takes over what was read. */
  add({ address, result, bytes }: RecordedRead): void {
    if (result < 0) this.#refused.add(address)
    else this.#refused.delete(address)
    for (let i = 0; i < bytes.length; i++) {
      const { page, at } = this.#place(address + BigInt(i), true)!
      page.bytes[at] = bytes[i]
      page.known[at] = 1
    }
  }

  /** The bytes from an address on, as many of `size` as are known without a gap. */
  read(address: bigint, size: number): Uint8Array {
    const out = new Uint8Array(size)
    let length = 0
    for (; length < size; length++) {
      const place = this.#place(BigInt.asUintN(64, address + BigInt(length)), false)
      if (place === undefined || place.page.known[place.at] === 0) break
      out[length] = place.page.bytes[place.at]
    }
    if (length === 0 && !this.#refused.has(address)) this.missing++
    return out.subarray(0, length)
  }

  #place(address: bigint, make: boolean): { readonly page: Page; readonly at: number } | undefined {
    const number = address >> PAGE_BITS
    let page = this.#pages.get(number)
    if (page === undefined) {
      if (!make) return undefined
      page = { bytes: new Uint8Array(PAGE), known: new Uint8Array(PAGE) }
      this.#pages.set(number, page)
    }
    return { page, at: Number(address & BigInt(PAGE - 1)) }
  }
}
