import type { Env } from "../env.ts"
import { frameSlot, type State } from "../state.ts"
import { postOrder, successors } from "../structure/edges.ts"

/** What the instructions of a function do to the slots of one frame, 64 slots as two words each. */
class Masks {
  readonly seen: Uint8Array
  readonly read: Uint32Array
  /** Written by an instruction whenever it is met. */
  readonly write: Uint32Array
  readonly live: Uint32Array

  constructor(size: number) {
    this.seen = new Uint8Array(size)
    this.read = new Uint32Array(2 * size)
    this.write = new Uint32Array(2 * size)
    this.live = new Uint32Array(2 * size)
  }
}

/** A function as it is called by one chain of calls. */
interface Instance {
  readonly start: number
  readonly end: number
  readonly depth: number
  readonly order: readonly number[]
  /** By frame: those of its callers and its own. */
  readonly frames: Masks[]
  readonly caller: Instance | undefined
  readonly callSite: number
  dirty: boolean
}

/**
 * Which slots of the stack may still be read, as the walk has seen it: reads and writes are noted by instruction, function and chain of calls,
 * and carried backwards along the flow of each function when somebody asks.
 */
export class StackLiveness {
  readonly #env: Env
  readonly #instances = new Map<string, Instance>()
  readonly #orders = new Map<number, readonly number[]>()
  #anyDirty = false
  #current: Instance | undefined
  /** Slots that the instruction at hand has written, by frame. */
  readonly #written: number[] = []

  constructor(env: Env) {
    this.#env = env
  }

  /** Another function runs: the walk went on in another frame, or another state. */
  moved(): void {
    this.#current = undefined
  }

  /** An instruction may read a slot. */
  read(frame: number, slot: number): void {
    this.#mark(this.#here(), frame, this.#env.slot, slot, "read")
  }

  /** An instruction writes a whole slot; told with {@link commit}. */
  write(frame: number, slot: number): void {
    this.#written.push(frame, slot)
  }

  /** An instruction is done: what it does not write every time it does not write for sure. */
  commit(slot: number): void {
    const here = this.#here()
    if (slot < here.start || slot >= here.end) {
      this.#written.length = 0
      return
    }
    const at = slot - here.start
    for (let frame = 0; frame <= here.depth; frame++) {
      let low = 0
      let high = 0
      for (let i = 0; i < this.#written.length; i += 2) {
        if (this.#written[i] !== frame) continue
        const index = this.#written[i + 1]
        if (index < 32) low |= 1 << index
        else high |= 1 << (index - 32)
      }
      let masks = here.frames[frame]
      if (masks === undefined) {
        if (low === 0 && high === 0) continue
        masks = this.#masks(here, frame)
      }
      const { write, seen } = masks
      if (seen[at]) {
        low &= write[2 * at]
        high &= write[2 * at + 1]
      }
      if (!seen[at] || write[2 * at] !== low >>> 0 || write[2 * at + 1] !== high >>> 0) {
        seen[at] = 1
        write[2 * at] = low
        write[2 * at + 1] = high
        here.dirty = this.#anyDirty = true
      }
    }
    this.#written.length = 0
  }

  /** Whether what a state has in a slot may be read by somebody. */
  isLive(state: State, frame: number, slot: number): boolean {
    if (slot >= 64) return true
    this.#update()
    const { marks } = this.#env
    for (let depth = state.frames.length - 1; depth >= frame; depth--) {
      const instance = this.#instanceOf(state, depth)
      const at = frameSlot(state, depth)
      const last = depth === state.frames.length - 1
      const place = last || marks.callsCallback[at] ? at : at + 1
      if (isLiveAt(instance, frame, place, slot)) return true
    }
    return false
  }

  #here(): Instance {
    this.#current ??= this.#instanceOf(this.#env.state, this.#env.state.frames.length - 1)
    return this.#current
  }

  #instanceOf(state: State, depth: number): Instance {
    let key = `${state.frames[0].subprogram}`
    for (let i = 1; i <= depth; i++) key += `,${state.frames[i].callSite}:${state.frames[i].subprogram}`
    const known = this.#instances.get(key)
    if (known !== undefined) return known
    const { start, end } = this.#env.subprograms[state.frames[depth].subprogram]
    let order = this.#orders.get(start)
    if (order === undefined) this.#orders.set(start, (order = postOrder(this.#env.code, start)))
    const instance: Instance = {
      start,
      end,
      depth,
      order,
      frames: [],
      caller: depth === 0 ? undefined : this.#instanceOf(state, depth - 1),
      callSite: state.frames[depth].callSite,
      dirty: false,
    }
    this.#instances.set(key, instance)
    return instance
  }

  #masks(instance: Instance, frame: number): Masks {
    instance.frames[frame] ??= new Masks(instance.end - instance.start)
    return instance.frames[frame]
  }

  #mark(instance: Instance, frame: number, insn: number, slot: number, what: "read"): void {
    const at = insn - instance.start
    if (at < 0 || insn >= instance.end || slot >= 64) return
    const words = this.#masks(instance, frame)[what]
    const index = 2 * at + (slot >> 5)
    const bit = (1 << (slot & 31)) >>> 0
    if (words[index] & bit) return
    words[index] |= bit
    instance.dirty = this.#anyDirty = true
  }

  /** Carries reads backwards, the innermost functions first. */
  #update(): void {
    if (!this.#anyDirty) return
    this.#anyDirty = false
    const dirty = [...this.#instances.values()].filter(i => i.dirty).sort((a, b) => b.depth - a.depth)
    for (const instance of dirty) this.#updateInstance(instance)
    // Callers that learned something of their callees.
    this.#update()
  }

  #updateInstance(instance: Instance): void {
    instance.dirty = false
    const { code } = this.#env
    const { start, end } = instance
    for (let frame = 0; frame <= instance.depth; frame++) {
      const masks = instance.frames[frame]
      if (masks === undefined) continue
      const { live, read, write } = masks
      for (let changed = true; changed; ) {
        changed = false
        for (const slot of instance.order) {
          let low = 0
          let high = 0
          for (const next of successors(code, slot)) {
            if (next < start || next >= end) continue
            low |= live[2 * (next - start)]
            high |= live[2 * (next - start) + 1]
          }
          const at = 2 * (slot - start)
          low = ((low & ~write[at]) | read[at]) >>> 0
          high = ((high & ~write[at + 1]) | read[at + 1]) >>> 0
          if (live[at] === low && live[at + 1] === high) continue
          live[at] = low
          live[at + 1] = high
          changed = true
        }
      }
      this.#tellCaller(instance, frame, live)
    }
  }

  /** What a function reads of its callers' frames is read by its call. */
  #tellCaller({ caller, callSite, depth, order, start }: Instance, frame: number, live: Uint32Array): void {
    if (caller === undefined || frame >= depth || order.length === 0) return
    const at = callSite - caller.start
    if (at < 0 || callSite >= caller.end) return
    const { read } = this.#masks(caller, frame)
    const first = 2 * (order[order.length - 1] - start)
    for (let word = 0; word < 2; word++) {
      const all = (read[2 * at + word] | live[first + word]) >>> 0
      if (all === read[2 * at + word]) continue
      read[2 * at + word] = all
      caller.dirty = this.#anyDirty = true
    }
  }
}

function isLiveAt(instance: Instance, frame: number, insn: number, slot: number): boolean {
  const masks = instance.frames[frame]
  const at = insn - instance.start
  if (masks === undefined || at < 0 || insn >= instance.end) return false
  return (masks.live[2 * at + (slot >> 5)] & (1 << (slot & 31))) !== 0
}
