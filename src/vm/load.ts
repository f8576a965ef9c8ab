import { disposeAll, SkepError, undoAll } from "../base/index.ts"
import {
  type Link,
  type Loaded,
  type LoadedMap,
  type LoadedProgram,
  type LoadOptions,
  noMap,
  noProgram,
  noType,
  otherType,
  type ProgramOptions,
} from "../machine/index.ts"
import { type BpfObject, kconfigData, type ProgramSpec, type ProgramType, relocateCore } from "../object/index.ts"
import { createMaps } from "./createMaps.ts"
import type { VmLoadedMap } from "./loadedMap.ts"
import { loadProgram } from "./loadProgram.ts"
import type { VmContext } from "./machine.ts"
import type { VmOwner, VmProgram } from "./program.ts"

/** An object in the embedded machine. */
export class VmLoaded implements Loaded, VmOwner {
  readonly object: BpfObject
  readonly links = new Set<Link>()
  readonly notes: string[] = []
  readonly #context: VmContext
  readonly #load: LoadOptions
  /** The object for this machine's types. */
  readonly #fitted: BpfObject
  #maps: ReadonlyMap<string, VmLoadedMap> = new Map()
  readonly #programs = new Map<string, VmProgram>()

  constructor(object: BpfObject, load: LoadOptions, context: VmContext) {
    this.object = object
    this.#context = context
    this.#load = load
    try {
      this.#fitted = fit(object, load, context)
      this.#maps = createMaps(this.#fitted, load.maps, context.core)
      if (!load.lazy) {
        for (const { name, type, autoload } of object.programs) {
          if (type !== undefined && type !== "ext" && type !== "struct_ops" && autoload !== false) this.program(name)
        }
      }
    } catch (error) {
      this.abandon()
      throw error
    }
  }

  get maps(): ReadonlyMap<string, LoadedMap> {
    return this.#maps
  }
  get programs(): ReadonlyMap<string, LoadedProgram> {
    return this.#programs
  }

  map(name: string): LoadedMap {
    const map = this.#maps.get(name)
    if (map === undefined) throw noMap(name, this.#maps.keys())
    return map
  }

  program(name: string, options: ProgramOptions = {}): VmProgram {
    const spec = this.#fitted.programs.find(p => p.name === name)
    if (spec === undefined) {
      throw noProgram(
        name,
        this.object.programs.map(p => p.name),
      )
    }
    const loaded = this.#programs.get(name)
    if (loaded !== undefined) {
      if (options.type !== undefined && options.type !== loaded.type) throw otherType(name, loaded.type, options.type)
      return loaded
    }
    const type = options.type ?? spec.type
    if (type === undefined) throw noType(name)
    const program = this.#loadProgram(spec, type, options)
    this.#programs.set(name, program)
    this.#fillProgramArrays(program)
    return program
  }

  #loadProgram(spec: ProgramSpec, type: ProgramType, options: ProgramOptions): VmProgram {
    const { attachType = spec.attachType, attach = spec.attach } = options
    return loadProgram({
      spec: { ...spec, attachType, attach },
      type,
      object: this.#fitted,
      maps: this.#maps,
      context: this.#context,
      owner: this,
      logLevel: this.#load.verifierLog ?? 0,
      verify: this.#load.verify ?? this.#context.verify,
      notes: this.notes,
    })
  }

  /** Puts a program where arrays of programs have it from the start. */
  #fillProgramArrays(program: VmProgram): void {
    for (const { name, values } of this.object.maps) {
      for (const entry of values ?? []) {
        if (entry.program !== program.name) continue
        const bytes = new Uint8Array(Uint32Array.of(entry.index, program.fd).buffer)
        this.#maps.get(name)?.update(bytes.subarray(0, 4), bytes.subarray(4))
      }
    }
  }

  attachOperations(name: string): Link {
    void this.map(name)
    const refused = this.#context.refusal?.(`attaching table ${name}`, "struct_ops")
    if (refused !== undefined) throw refused
    throw new SkepError({
      code: "VM_UNSUPPORTED",
      message: `table ${name} cannot be attached: the embedded machine has no tables of operations`,
      hint: "load the object in the kernel",
    })
  }

  abandon(): void {
    undoAll([() => this[Symbol.dispose]()])
  }

  [Symbol.dispose](): void {
    disposeAll([...[...this.links].reverse(), ...this.#programs.values(), ...this.#maps.values()])
  }
}

/** The object with all filled in that depends on the types and the configuration of the kernel that the machine stands for. */
function fit(object: BpfObject, { types, config }: LoadOptions, context: VmContext): BpfObject {
  const usesTypes = [...object.programs, ...object.functions].some(fn => fn.core.length > 0)
  const fitted = usesTypes ? relocateCore(object, { btf: types ?? kernelTypes(object, context) }) : object
  if (!object.maps.some(map => map.kconfig !== undefined)) return fitted
  const { major, minor } = context.version
  const found: Readonly<Record<string, number>> = {
    LINUX_KERNEL_VERSION: (major << 16) | (minor << 8),
    LINUX_HAS_BPF_COOKIE: 1,
    LINUX_HAS_SYSCALL_WRAPPER: 1,
  }
  const configuration = {
    text: () => `${context.core.environment.config}\n${config ?? ""}`,
    found: (name: string): number | undefined => found[name],
  }
  const maps = object.maps.map(map =>
    map.kconfig === undefined ? map : { ...map, data: kconfigData(map, object.btf, configuration) },
  )
  return { ...fitted, maps }
}

function kernelTypes({ name }: BpfObject, { types }: VmContext) {
  if (types !== undefined) return types()
  throw new SkepError({
    code: "VM_NO_TYPES",
    message: `${name} depends on the kernel's types (CO-RE), and the machine was given none`,
    hint: "make the machine with types, or load with the option types",
  })
}
