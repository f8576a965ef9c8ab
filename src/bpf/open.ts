import { Btf } from "../btf/index.ts"
import { type BpfObject, globalVariables, type MapSpec } from "../object/index.ts"
import type { BPF } from "./bpf.ts"
import { noTable } from "./errors.ts"
import { GlobalAccess, initialMemory, withData } from "./globals.ts"
import { entries } from "./objects/prepare.ts"
import type { AnyProgram, OpenGlobals, ProgramTypes, TableName } from "./programTypes.ts"

/**
 * A program that is compiled and not yet in the kernel, so that its constants and the sizes of its tables can still be
 * set. Made by {@link BPF.open}.
 *
 *     const program = await BPF.open({ file: "slow.c" })
 *     program.globals.threshold = 5
 *     program.resize("start", 100_000)
 *     using b = program.load()
 */
export class OpenedProgram<P extends ProgramTypes = AnyProgram> {
  /** Global variables, constants among them: what they have when the program is loaded. */
  readonly globals: OpenGlobals<P>
  readonly #object: BpfObject
  readonly #data = new Map<string, Uint8Array>()
  readonly #sizes = new Map<string, number>()
  readonly #load: (adapted: (object: BpfObject) => BpfObject) => BPF<P>

  constructor(object: BpfObject, load: (adapted: (object: BpfObject) => BpfObject) => BPF<P>) {
    this.#object = object
    this.#load = load
    const btf = object.btf.length > 0 ? Btf.parse(object.btf) : undefined
    this.globals = new GlobalAccess(globalVariables(object, btf), btf, initialMemory(this.#data))
      .values as OpenGlobals<P>
  }

  /** The object as it would be loaded now. */
  get object(): BpfObject {
    return this.#adapted(this.#object)
  }

  #adapted(object: BpfObject): BpfObject {
    const { maps, ...rest } = withData(object, this.#data)
    return { ...rest, maps: maps.map(map => ({ ...map, maxEntries: this.#sizes.get(map.name) ?? map.maxEntries })) }
  }

  /** The tables; global variables are not among them. */
  get maps(): readonly MapSpec[] {
    return this.object.maps.filter(map => !map.name.startsWith("."))
  }

  /** Sets how many elements a table holds, or how many bytes a ring buffer. @throws SkepError BPF_NO_TABLE, BPF_OPTION */
  resize(table: TableName<P>, maxEntries: number): this {
    const names = this.maps.map(map => map.name)
    if (!names.includes(table)) throw noTable(table, names)
    this.#sizes.set(table, entries(maxEntries))
    return this
  }

  /** Loads the program and attaches what its functions' names say. It can be loaded again. @throws SkepError as BPF.load does */
  load(): BPF<P> {
    return this.#load(object => this.#adapted(object))
  }
}
