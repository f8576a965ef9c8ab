import type { FunctionFlow } from "../structure/edges.ts"

/** Told of slots that have become live, or are no more, before an instruction; `written`: of those that are written from there on in any case. */
export type MaskTeller = (
  slot: number,
  what: "live" | "written",
  before: readonly number[],
  after: readonly number[],
) => void

/** What the instructions of a function do to the stack of one frame, by place in the function's order: 64 slots, as two words each. */
export class StackMasks {
  readonly read: Int32Array
  /** Written by an instruction whenever it is met. */
  readonly write: Int32Array
  /** Written from an instruction on, on whatever way the function is left. */
  readonly written: Int32Array
  /** Read from an instruction on, before they are written. */
  readonly live: Int32Array
  /** Places of which that is not known any more. */
  readonly #stale: Uint8Array
  #staleCount = 0

  constructor(size: number) {
    this.read = new Int32Array(2 * size)
    this.write = new Int32Array(2 * size)
    this.written = new Int32Array(2 * size)
    this.live = new Int32Array(2 * size)
    this.#stale = new Uint8Array(size)
  }

  touch(place: number): void {
    if (this.#stale[place]) return
    this.#stale[place] = 1
    this.#staleCount++
  }

  /** What is written in any case has become less: it is found again from nothing. */
  forgetWritten(): void {
    this.written.fill(0)
    this.#stale.fill(1)
    this.#staleCount = this.#stale.length
  }

  /** Goes over the function once, from its ends to its start, where something is not known. Tells whether anything is different. */
  sweep(flow: FunctionFlow, tell: MaskTeller | undefined): boolean {
    let changed = false
    for (let place = 0; this.#staleCount > 0 && place < this.#stale.length; place++) {
      if (!this.#stale[place]) continue
      this.#stale[place] = 0
      this.#staleCount--
      if (!this.#carry(flow, place, tell)) continue
      changed = true
      for (let i = flow.before[place]; i < flow.before[place + 1]; i++) this.touch(flow.previous[i])
    }
    return changed
  }

  /** What holds before an instruction from what holds before those that may follow. */
  #carry({ next, order }: FunctionFlow, place: number, tell: MaskTeller | undefined): boolean {
    const { read, write, written, live } = this
    const [first, second] = [2 * next[2 * place], 2 * next[2 * place + 1]]
    if (first < 0) return false
    let [low, high, writtenLow, writtenHigh] = [live[first], live[first + 1], written[first], written[first + 1]]
    if (second >= 0) {
      low |= live[second]
      high |= live[second + 1]
      writtenLow &= written[second]
      writtenHigh &= written[second + 1]
    }
    const [at, above] = [2 * place, 2 * place + 1]
    writtenLow |= write[at]
    writtenHigh |= write[above]
    low = (low & ~write[at]) | read[at]
    high = (high & ~write[above]) | read[above]
    const sameLive = live[at] === low && live[above] === high
    if (sameLive && written[at] === writtenLow && written[above] === writtenHigh) return false
    if (tell !== undefined) {
      tell(order[place], "live", [live[at], live[above]], [low, high])
      tell(order[place], "written", [written[at], written[above]], [writtenLow, writtenHigh])
    }
    live[at] = low
    live[above] = high
    written[at] = writtenLow
    written[above] = writtenHigh
    return true
  }
}

/** A function of the program as one chain of calls gets to it. */
export class CalledFunction {
  readonly flow: FunctionFlow
  /** Frames below its own. */
  readonly depth: number
  readonly caller: CalledFunction | undefined
  /** Slot of the call. */
  readonly callSite: number
  /** Those that it calls, by slot of the call and number of the function. */
  readonly callees = new Map<number, CalledFunction>()
  /** By frame: its own, and those of its callers. */
  readonly frames: (StackMasks | undefined)[] = []
  /** By place: 1 for an instruction that was met and once wrote nothing, 2 for one that has always written something. */
  readonly #met: Uint8Array
  /** Something was noted that others have to know. */
  updated = false
  /** Of what it writes in any case something fell away. */
  dropped = false

  constructor(flow: FunctionFlow, caller: CalledFunction | undefined, callSite: number) {
    this.flow = flow
    this.caller = caller
    this.callSite = callSite
    this.depth = caller === undefined ? 0 : caller.depth + 1
    this.#met = new Uint8Array(flow.order.length)
  }

  masks(frame: number): StackMasks {
    return (this.frames[frame] ??= new StackMasks(this.flow.order.length))
  }

  /** Place of an instruction in the function's order; -1 for none. */
  place(slot: number): number {
    const { start, end, placeOf } = this.flow
    return slot >= start && slot < end ? placeOf[slot - start] : -1
  }

  /** An instruction may read slots. */
  noteRead(frame: number, place: number, low: number, high: number): void {
    const masks = this.masks(frame)
    const { read, live } = masks
    const [at, above] = [2 * place, 2 * place + 1]
    if ((low & ~read[at]) === 0 && (high & ~read[above]) === 0) return
    read[at] |= low
    read[above] |= high
    if (read[at] & ~live[at] || read[above] & ~live[above]) this.updated = true
    masks.touch(place)
  }

  /** An instruction was met, and has written slots (two words a frame): what it does not write every time it does not write for sure. */
  noteWrites(place: number, written: Int32Array, any: boolean): void {
    const met = this.#met[place]
    if (met === 1) return
    let some = false
    for (let frame = 0; frame <= this.depth; frame++) {
      let [low, high] = any ? [written[2 * frame], written[2 * frame + 1]] : [0, 0]
      if (this.frames[frame] === undefined && low === 0 && high === 0) continue
      const masks = this.masks(frame)
      const { write } = masks
      const [at, above] = [2 * place, 2 * place + 1]
      if (met !== 0) {
        low &= write[at]
        high &= write[above]
      }
      if (low !== 0 || high !== 0) some = true
      if (low === write[at] && high === write[above]) continue
      if (write[at] & ~low || write[above] & ~high) this.dropped = true
      write[at] = low
      write[above] = high
      this.updated = true
      masks.touch(place)
    }
    this.#met[place] = some ? 2 : 1
  }
}
