import { SkepError } from "../../base/index.ts"
import type { RecordSender, ReservedRecord } from "../../machine/index.ts"
import { VmMap } from "./map.ts"

const HEADER = 8

interface Pending {
  readonly bytes: Uint8Array
  state: "writing" | "sent" | "discarded"
}

/** User ring buffers: records that a process sends to programs. One that is not sent yet holds up those behind it. */
export class UserRingbufMap extends VmMap implements RecordSender {
  #records: Pending[] = []

  get byteLength(): number {
    return this.maxEntries
  }
  get pending(): number {
    return this.#records.reduce((sum, { bytes }) => sum + HEADER + ((bytes.length + 7) & ~7), 0)
  }

  reserve(length: number): ReservedRecord | undefined {
    const total = HEADER + ((length + 7) & ~7)
    if (!Number.isInteger(length) || length < 0 || total > this.byteLength) throw tooLarge(length, this.byteLength)
    if (this.pending + total > this.byteLength) return undefined
    const record: Pending = { bytes: new Uint8Array(length), state: "writing" }
    this.#records.push(record)
    const finish = (state: "sent" | "discarded"): void => void (record.state = state)
    const discard = (): void => {
      if (record.state === "writing") finish("discarded")
    }
    return {
      bytes: record.bytes,
      send() {
        if (record.state !== "writing") throw finished()
        finish("sent")
      },
      discard,
      [Symbol.dispose]: discard,
    }
  }

  /** The next record that a program may have; undefined where there is none. */
  next(): Uint8Array | undefined {
    for (;;) {
      const [first] = this.#records
      if (first === undefined || first.state === "writing") return undefined
      this.#records.shift()
      if (first.state === "sent") return first.bytes
    }
  }
}

const finished = (): SkepError =>
  new SkepError({
    code: "MACHINE_CLOSED",
    message: "the record was sent or given up before",
    hint: "reserve another one",
  })

const tooLarge = (length: number, size: number): SkepError =>
  new SkepError({
    code: "MACHINE_SIZE",
    message: `a record of ${length} bytes cannot be sent through a ring of ${size}`,
    hint: "a record takes its bytes, rounded up to 8, and 8 more: send less at a time, or make the map larger",
  })
