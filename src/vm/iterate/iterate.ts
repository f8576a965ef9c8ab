import { SkepError } from "../../base/index.ts"
import type { IterOutput, IterScope } from "../../machine/index.ts"
import type { VmProgram } from "../program.ts"
import { Sequence } from "./sequence.ts"
import { pointer, visits, wordsOf } from "./visits.ts"

/** `struct bpf_iter_meta`: the file, a number for the run, and one for the object. Source: include/linux/bpf.h. */
const META_BYTES = 24
/** Bytes of output after which a read returns: as many as the kernel's buffer has. */
const CHUNK = 8 * 4096

let sessions = 0

/** One run of an iterator: the program is called for each object of its kind, and once more without one. */
export class VmIteration implements IterOutput {
  readonly #calls: Generator<void, void, undefined>
  readonly #sequence = new Sequence()
  #open = true

  /** @throws SkepError VM_UNSUPPORTED, KERNEL_ITERATOR */
  constructor(program: VmProgram, kind: string, scope: IterScope) {
    const words = wordsOf(kind)
    if (words === undefined) {
      throw new SkepError({
        code: "VM_UNSUPPORTED",
        message: `program ${program.name} iterates over ${kind}, which the embedded machine cannot`,
        hint: "it iterates over bpf_map_elem, and on a simulated kernel over task and task_file; others run in the kernel",
      })
    }
    if (kind === "bpf_map_elem" && scope.map === undefined) {
      throw new SkepError({
        code: "KERNEL_ITERATOR",
        message: `program ${program.name} iterates over elements, and nothing says of which map`,
        hint: 'give the map: b.iter("name", { map: b.table("t") })',
      })
    }
    this.#calls = this.#run(program, kind, scope, words)
  }

  *#run(program: VmProgram, kind: string, scope: IterScope, words: number): Generator<void, void, undefined> {
    const { core } = program.context
    const { memory } = core
    const meta = memory.allocate(META_BYTES, "bpf_iter_meta", { access: "read" })
    const file = memory.allocate(8, "seq_file", { access: "read" })
    const context = memory.allocate(8 + 8 * words, "the context")
    memory.view.setBigUint64(meta, pointer(file), true)
    memory.view.setBigUint64(meta + 8, BigInt(++sessions), true)
    // The last run has the number of the last object.
    let number = 0n
    const call = (visit: readonly bigint[]): void => {
      const { view } = memory
      view.setBigUint64(meta + 16, number, true)
      view.setBigUint64(context, pointer(meta), true)
      for (let i = 0; i < words; i++) view.setBigUint64(context + 8 + 8 * i, visit[i] ?? 0n, true)
      const [again] = program.run(context, { sequence: this.#sequence })
      if (again !== 0) throw visitsAgain(program.name)
    }
    try {
      let count = 0n
      for (const visit of visits(core, kind, scope)) {
        number = count++
        call(visit)
        yield
      }
      call(kind === "bpf_map_elem" ? [pointer(mapAddress(program, scope))] : [])
    } finally {
      for (const place of [meta, file, context]) memory.free(place)
    }
  }

  readSync(): Uint8Array | undefined {
    if (!this.#open) return undefined
    while (this.#sequence.size < CHUNK) {
      if (this.#calls.next().done) {
        this.#open = false
        break
      }
    }
    return this.#sequence.size === 0 ? undefined : this.#sequence.take()
  }

  async read(): Promise<Uint8Array | undefined> {
    return this.readSync()
  }

  close(): void {
    this.#open = false
    this.#calls.return()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** The map is told in the last run, too. */
function mapAddress({ context: { core } }: VmProgram, { map }: IterScope): number {
  const handled = map && core.handled(map.fd)
  return handled?.kind === "map" ? handled.address : 0
}

const visitsAgain = (name: string): SkepError =>
  new SkepError({
    code: "KERNEL_ITERATOR",
    message: `program ${name} returned 1: it wants to see the object once more`,
    hint: "return 0; the kernel would end the read with EAGAIN",
  })
