import { type BpfObject, readElf } from "../object/index.ts"
import { BPF } from "./bpf.ts"
import { badOption } from "./errors.ts"
import type { ObjectOptions } from "./objects/options.ts"
import type { OpenedProgram } from "./open.ts"
import type { LoadOptions } from "./options.ts"
import type { AnyProgram, ProgramTypes } from "./programTypes.ts"

/**
 * A program that was compiled before and stands in the JavaScript: what `skep gen` writes, and what `import prog from "./prog.bpf.c"` gives
 * with skep's plugin for bundlers. It needs no compiler and no file to be loaded.
 *
 *     import { TaskSwitch } from "./task_switch.ts"
 *     using b = await TaskSwitch.load()
 *     for (const [key, count] of b.table("stats")) console.log(key.prev_pid, count)
 *
 * `P` are the program's types, which stand beside it.
 */
export class CompiledProgram<P extends ProgramTypes = AnyProgram> {
  /** The file that it was compiled from, for messages. */
  readonly name: string
  readonly #bytes: Uint8Array | string
  readonly #pinned: Readonly<Record<string, string>>
  #object: BpfObject | undefined

  /** `object` is an ELF object: its bytes, or they in Base64; `pinned` where maps are pinned, beyond what it says itself. */
  constructor(name: string, object: Uint8Array | string, pinned: Readonly<Record<string, string>> = {}) {
    this.name = name
    this.#bytes = object
    this.#pinned = pinned
  }

  /** The bytes of the object file, as `skep compile` writes it. */
  get bytes(): Uint8Array {
    return typeof this.#bytes === "string" ? Buffer.from(this.#bytes, "base64") : this.#bytes
  }

  /** The object, read when it is first asked for. @throws SkepError OBJECT_… when the bytes are damaged */
  get object(): BpfObject {
    this.#object ??= this.#read()
    return this.#object
  }

  #read(): BpfObject {
    const read = readElf(this.bytes, this.name)
    const maps = read.maps.map(map => ({ ...map, pin: this.#pinned[map.name] ?? map.pin }))
    return { ...read, name: this.name, maps }
  }

  /** Loads the program and attaches what its functions' names say, as {@link BPF.load} does. @throws SkepError as BPF.load does */
  async load(options: ObjectOptions<P> = {}): Promise<BPF<P>> {
    return await BPF.load<P>(this.#with(options))
  }

  /** Leaves the program to be loaded, so that its constants and the sizes of its tables can be set, as {@link BPF.open} does. */
  async open(options: ObjectOptions<P> = {}): Promise<OpenedProgram<P>> {
    return await BPF.open<P>(this.#with(options))
  }

  #with(options: ObjectOptions<P>): LoadOptions<P> {
    if (options !== undefined && "usdt" in options) {
      throw badOption(
        "static probes are for programs that are compiled when they are loaded",
        "BPF.load({ file, usdt })",
      )
    }
    return { ...options, object: this.object }
  }
}
