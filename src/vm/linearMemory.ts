/** A memory that WebAssembly and JavaScript share. */
export interface LinearMemory {
  /** Another buffer, and this one empty, after the memory has grown. */
  readonly buffer: ArrayBuffer
  /** Adds pages of 64 KiB; gives the number of those before. */
  grow(pages: number): number
}

interface Platform {
  readonly WebAssembly?: { readonly Memory: new (limits: { initial: number; maximum: number }) => LinearMemory }
}

/** A memory of WebAssembly, or a plain buffer where there is none: hardened browsers and some embedded engines switch it off. */
export function linearMemory(initial: number, maximum: number): LinearMemory {
  const { WebAssembly } = globalThis as unknown as Platform
  return WebAssembly === undefined ? new PlainMemory(initial) : new WebAssembly.Memory({ initial, maximum })
}

const PAGE = 65536

class PlainMemory implements LinearMemory {
  buffer: ArrayBuffer
  constructor(pages: number) {
    this.buffer = new ArrayBuffer(pages * PAGE)
  }
  grow(pages: number): number {
    const old = new Uint8Array(this.buffer)
    this.buffer = new ArrayBuffer(old.length + pages * PAGE)
    new Uint8Array(this.buffer).set(old)
    return old.length / PAGE
  }
}
