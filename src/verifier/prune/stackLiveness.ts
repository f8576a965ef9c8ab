import type { Env } from "../env.ts"
import { frameSlot, type State } from "../state.ts"
import { CalledFunction, type MaskTeller } from "./stackMasks.ts"

const MAX_FRAMES = 8
/** More than a program has functions. */
const FUNCTIONS = 1024

/**
 * Which slots of the stack may still be read, as the walk has seen it (Linux 6.18): reads and writes are noted by instruction, function and chain of
 * calls, and carried backwards along the flow of each function where a way or a function ends. What a function does to the stacks of its callers its
 * call does.
 */
export class StackLiveness {
  readonly #env: Env
  /** Those that are called by nobody, by number. */
  readonly #roots: CalledFunction[] = []
  #current: CalledFunction | undefined
  /** Slots that the instruction at hand has written, two words a frame. */
  readonly #written = new Int32Array(2 * MAX_FRAMES)
  #anyWritten = false

  constructor(env: Env) {
    this.#env = env
  }

  /** Another function runs: the walk went on in another frame, or another state. */
  moved(): void {
    this.#current = undefined
  }

  /** An instruction starts. */
  start(): void {
    this.#here()
    if (!this.#anyWritten) return
    this.#written.fill(0)
    this.#anyWritten = false
  }

  /** An instruction may read a slot. */
  read(frame: number, slot: number): void {
    const here = this.#here()
    const place = here.place(this.#env.slot)
    if (place < 0 || slot >= 64) return
    if (slot < 32) here.noteRead(frame, place, 1 << slot, 0)
    else here.noteRead(frame, place, 0, 1 << (slot - 32))
  }

  /** An instruction writes a whole slot; told with {@link commit}. */
  write(frame: number, slot: number): void {
    this.#written[2 * frame + (slot >> 5)] |= 1 << (slot & 31)
    this.#anyWritten = true
  }

  /** An instruction is done, in the function where it has started. */
  commit(slot: number): void {
    const here = this.#current
    const place = here === undefined ? -1 : here.place(slot)
    if (place >= 0) here?.noteWrites(place, this.#written, this.#anyWritten)
  }

  /** A way or a function ends: what was noted on the way is carried to the starts of the functions that run, the innermost first. */
  update(): void {
    this.#current = undefined
    const { state } = this.#env
    for (let depth = state.frames.length - 1; depth >= 0; depth--) {
      const called = this.#functionOf(state, depth)
      if (called.updated) this.#update(called, depth)
    }
  }

  /** Whether what a state has in a slot may be read by somebody. */
  isLive(state: State, frame: number, slot: number): boolean {
    for (let depth = state.frames.length - 1; depth >= frame; depth--) {
      const called = this.#functionOf(state, depth)
      const at = frameSlot(state, depth)
      const before = depth === state.frames.length - 1 || this.#env.marks.callsCallback[at]
      const place = called.place(before ? at : at + 1)
      const masks = called.frames[frame]
      if (masks !== undefined && place >= 0 && masks.live[2 * place + (slot >> 5)] & (1 << (slot & 31))) return true
    }
    return false
  }

  #here(): CalledFunction {
    this.#current ??= this.#functionOf(this.#env.state, this.#env.state.frames.length - 1)
    return this.#current
  }

  #functionOf({ frames }: State, depth: number): CalledFunction {
    const { flows } = this.#env
    const first = frames[0].subprogram
    let called = (this.#roots[first] ??= new CalledFunction(flows[first], undefined, -1))
    for (let i = 1; i <= depth; i++) {
      const { callSite, subprogram } = frames[i]
      const key = callSite * FUNCTIONS + subprogram
      let callee = called.callees.get(key)
      if (callee === undefined)
        called.callees.set(key, (callee = new CalledFunction(flows[subprogram], called, callSite)))
      called = callee
    }
    return called
  }

  #update(called: CalledFunction, depth: number): void {
    const { log } = this.#env
    const { flow, frames } = called
    if (called.dropped) for (const masks of frames) masks?.forgetWritten()
    let rounds = 0
    for (let changed = true; changed; rounds++) {
      changed = false
      for (let frame = 0; frame <= depth; frame++) {
        const tell = log.full ? this.#teller(called, frame) : undefined
        if (frames[frame]?.sweep(flow, tell)) changed = true
      }
    }
    if (log.full) log.add(`${chain(called)} live stack update done in ${rounds} iterations\n`)
    this.#tellCaller(called)
    called.updated = called.dropped = false
  }

  /** What a function does to its callers' frames its call does. */
  #tellCaller({ caller, callSite, depth, flow, frames }: CalledFunction): void {
    if (caller === undefined) return
    const place = caller.place(callSite)
    const entry = 2 * flow.placeOf[0]
    const written = new Int32Array(2 * MAX_FRAMES)
    for (let frame = 0; frame < depth; frame++) {
      const masks = frames[frame]
      if (masks === undefined) continue
      written[2 * frame] = masks.written[entry]
      written[2 * frame + 1] = masks.written[entry + 1]
      caller.noteRead(frame, place, masks.live[entry], masks.live[entry + 1])
    }
    caller.noteWrites(place, written, true)
  }

  /** Tells of changes in the log, where they are of use to a reader. */
  #teller(called: CalledFunction, frame: number): MaskTeller {
    const { log, marks } = this.#env
    const masks = called.masks(frame)
    return (slot, what, before, after) => {
      const at = 2 * called.place(slot)
      const own = masks.read[at] | masks.read[at + 1] | masks.write[at] | masks.write[at + 1]
      if (own === 0 && slot !== called.flow.start && !marks.prunePoint[slot]) return
      const more = slotNames(after[0] & ~before[0], after[1] & ~before[1])
      const less = slotNames(before[0] & ~after[0], before[1] & ~after[1])
      if (more === "" && less === "") return
      const changes = `${more && `+${what} ${more} `}${less && `-${what} ${less}`}`
      log.add(`${chain(called)} frame ${frame} insn ${slot} ${changes}\n`)
    }
  }
}

/** A chain of calls in the log: the slots of the calls, and the start of the function. */
function chain(called: CalledFunction): string {
  const slots = [called.flow.start]
  for (let at: CalledFunction | undefined = called; at?.caller !== undefined; at = at.caller) slots.unshift(at.callSite)
  return `(${slots.join(",")})`
}

function slotNames(low: number, high: number): string {
  const names: string[] = []
  for (let i = 0; i < 64; i++) if ((i < 32 ? low >>> i : high >>> (i - 32)) & 1) names.push(`${-8 * (i + 1)}`)
  return names.join(",")
}
