/** The text of a `seq_file`: what an iterator prints (`bpf_seq_printf`) and writes (`bpf_seq_write`). */
export class Sequence {
  #parts: Uint8Array[] = []
  /** Bytes so far. */
  size = 0

  add(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.size += bytes.length
  }

  /** All of it; it begins anew. */
  take(): Uint8Array {
    const bytes = new Uint8Array(this.size)
    let at = 0
    for (const part of this.#parts) {
      bytes.set(part, at)
      at += part.length
    }
    this.#parts = []
    this.size = 0
    return bytes
  }
}
