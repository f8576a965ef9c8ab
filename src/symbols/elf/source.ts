import { closeSync, fstatSync, openSync, readSync } from "node:fs"

/** Bytes that are read in pieces: a file of hundreds of megabytes of which a few sections matter, or memory. */
export interface ByteSource extends Disposable {
  readonly size: number
  /** Bytes from an offset, fewer where the source ends before. */
  read(offset: number, length: number): Uint8Array
}

/** A file, open until it is disposed: what is mapped by a process can be read after the process and the name are gone. */
export class FileSource implements ByteSource {
  readonly size: number
  #fd: number

  /** Throws what `openSync` throws. */
  constructor(path: string) {
    this.#fd = openSync(path, "r")
    const status = fstatSync(this.#fd)
    this.size = status.isFile() ? status.size : 0
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - offset)))
    let have = 0
    while (have < bytes.length) {
      const n = readSync(this.#fd, bytes, have, bytes.length - have, offset + have)
      if (n === 0) break
      have += n
    }
    return have === bytes.length ? bytes : bytes.subarray(0, have)
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
  }
}

/** Bytes in memory. */
export class MemorySource implements ByteSource {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get size(): number {
    return this.#bytes.length
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset, Math.max(offset, offset + length))
  }

  [Symbol.dispose](): void {}
}
