/** What is known of the instructions of a program before it is walked, by slot. */
export class Marks {
  /** States are compared and kept here. */
  readonly prunePoint: Uint8Array
  /** Reached by a jump, or after a call: the path cannot be told from the slot alone. */
  readonly jumpPoint: Uint8Array
  /** A state is always kept here: heads of loops that converge. */
  readonly checkpoint: Uint8Array
  /** Calls that run a function of the program any number of times. */
  readonly callsCallback: Uint8Array
  /** Calls of a `bpf_iter_*_next`. */
  readonly iterNext: Uint8Array
  /** Registers (a bit each) whose value is read later, before each instruction. */
  readonly liveBefore: Uint16Array
  /** Number of the loop (strongly connected component) that a slot belongs to; 0 for none. */
  readonly loop: Uint32Array
  /** Met by the walk. */
  readonly seen: Uint8Array

  constructor(count: number) {
    this.prunePoint = new Uint8Array(count)
    this.jumpPoint = new Uint8Array(count)
    this.checkpoint = new Uint8Array(count)
    this.callsCallback = new Uint8Array(count)
    this.iterNext = new Uint8Array(count)
    this.liveBefore = new Uint16Array(count)
    this.loop = new Uint32Array(count)
    this.seen = new Uint8Array(count)
  }
}
