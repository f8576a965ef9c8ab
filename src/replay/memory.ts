import type { RecordedRead, RecordedRun } from "../record/index.ts"

const PAGE_BITS = 12n
const PAGE = 1 << Number(PAGE_BITS)
/** Addresses from here on are the kernel's, and the same for every process. */
const KERNEL_SPACE = 1n << 63n

interface Page {
  readonly bytes: Uint8Array
  /** 1 for each byte that was recorded. */
  readonly known: Uint8Array
}

type Pages = Map<bigint, Page>

/** Memory of the recorded computer, as far as programs read it: what was read last at each address, of the kernel and of each process. */
export class RecordedMemory {
  readonly #kernel: Pages = new Map()
  readonly #processes = new Map<number, Pages>()
  /** That of the process that runs. */
  #user: Pages = new Map()
  /** Addresses that could not be read in this run. */
  #refused: ReadonlySet<bigint> = new Set()
  /** Reads of memory that was not recorded. */
  missing = 0

  /** Goes on to a run, and takes over what was read in it. */
  goTo({ tgid, reads }: RecordedRun): void {
    let user = this.#processes.get(tgid)
    if (user === undefined) this.#processes.set(tgid, (user = new Map()))
    this.#user = user
    this.#refused = new Set(reads.flatMap(({ address, result }) => (result < 0 ? [address] : [])))
    for (const read of reads) this.#add(read)
  }

  #add({ address, bytes }: RecordedRead): void {
    for (let i = 0; i < bytes.length; i++) {
      const { page, at } = this.#place(address + BigInt(i), true)!
      page.bytes[at] = bytes[i]
      page.known[at] = 1
    }
  }

  /** The bytes from an address on, as many of `size` as are known without a gap. None where the recorded program could not read it, either. */
  read(address: bigint, size: number): Uint8Array {
    const out = new Uint8Array(size)
    if (this.#refused.has(address)) return out.subarray(0, 0)
    let length = 0
    for (; length < size; length++) {
      const place = this.#place(BigInt.asUintN(64, address + BigInt(length)), false)
      if (place === undefined || place.page.known[place.at] === 0) break
      out[length] = place.page.bytes[place.at]
    }
    if (length === 0) this.missing++
    return out.subarray(0, length)
  }

  #place(address: bigint, make: boolean): { readonly page: Page; readonly at: number } | undefined {
    const pages = address >= KERNEL_SPACE ? this.#kernel : this.#user
    const number = address >> PAGE_BITS
    let page = pages.get(number)
    if (page === undefined) {
      if (!make) return undefined
      page = { bytes: new Uint8Array(PAGE), known: new Uint8Array(PAGE) }
      pages.set(number, page)
    }
    return { page, at: Number(address & BigInt(PAGE - 1)) }
  }
}
