import { didYouMean, SkepError } from "../base/index.ts"
import { Btf, type BtfInput, type ColumnsOf, type ValueCodec, valueCodec } from "../btf/index.ts"
import type { LoadedMap } from "../machine/index.ts"
import { type BpfObject, type GlobalVariable, globalVariables, type MapSpec } from "../object/index.ts"

/** The program's global variables by name. What is read is a copy: assign a whole struct to change a member of it. */
// biome-ignore lint/suspicious/noExplicitAny: the types are in the C text; who wants them checked names them.
export type Globals = Record<string, any>

/** Where the bytes of sections are. */
interface Memory {
  /** The bytes of a variable. */
  read(variable: GlobalVariable): Uint8Array
  write(variable: GlobalVariable, bytes: Uint8Array): void
}

/** Reads and writes variables by their types. */
export class GlobalAccess {
  readonly variables: ReadonlyMap<string, GlobalVariable>
  readonly values: Globals
  readonly #btf: Btf | undefined
  readonly #memory: Memory

  constructor(variables: ReadonlyMap<string, GlobalVariable>, btf: Btf | undefined, memory: Memory) {
    this.variables = variables
    this.#btf = btf
    this.#memory = memory
    const values: Globals = {}
    for (const name of variables.keys()) {
      Object.defineProperty(values, name, {
        enumerable: true,
        configurable: false,
        get: () => this.get(name),
        set: value => this.set(name, value),
      })
    }
    this.values = new Proxy(values, {
      set: (_, name, value) => {
        this.set(String(name), value)
        return true
      },
    })
  }

  /** The value of a variable. @throws SkepError BPF_NO_GLOBAL */
  get(name: string): unknown {
    const variable = this.#find(name)
    const bytes = this.#memory.read(variable)
    const codec = this.#codec(variable)
    return codec === undefined ? bytes.slice() : deepFreeze(codec.decode(bytes))
  }

  /** @throws SkepError BPF_NO_GLOBAL, BPF_GLOBAL_READ_ONLY, BTF_VALUE_… */
  set(name: string, value: unknown): void {
    const variable = this.#find(name)
    const codec = this.#codec(variable)
    const bytes = codec === undefined ? value : codec.encode(value as BtfInput)
    if (!(bytes instanceof Uint8Array) || bytes.length !== variable.size) {
      throw new SkepError({
        code: "BPF_NO_TYPE",
        message: `global variable ${name} has no known type: give its ${variable.size} bytes as a Uint8Array`,
        hint: "objects that skep compiles carry their types; others need BTF",
      })
    }
    this.#memory.write(variable, bytes)
  }

  /** The variable in the memory that programs use, without a copy. @throws SkepError BPF_NO_GLOBAL, BPF_NOT_MAPPED */
  live(name: string): ColumnsOf<unknown[]> {
    const variable = this.#find(name)
    const bytes = this.#memory.read(variable)
    const column: unknown = this.#codec(variable)?.columns(bytes, 1)
    if (ArrayBuffer.isView(column) && column.buffer === bytes.buffer) return column as never
    throw new SkepError({
      code: "BPF_NOT_MAPPED",
      message: `global variable ${name} cannot be seen as one typed array`,
      why: "only integers and arrays of them can, in a section that the kernel maps (Linux 5.5)",
      hint: `read it with globals.${name}`,
    })
  }

  #find(name: string): GlobalVariable {
    const variable = this.variables.get(name)
    if (variable !== undefined) return variable
    const names = [...this.variables.keys()]
    throw new SkepError({
      code: "BPF_NO_GLOBAL",
      message: `the program has no global variable '${name}'${didYouMean(name, names)}`,
      hint: `its global variables: ${names.join(", ") || "none"}`,
    })
  }

  #codec({ type }: GlobalVariable): ValueCodec | undefined {
    return this.#btf === undefined || type === 0 ? undefined : valueCodec(this.#btf, type)
  }
}

/** A change of a copy would be lost in silence. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}

/** Sections before they are loaded: their initial bytes. What is written is kept in `data`, by the section's name. */
export function initialMemory(data: Map<string, Uint8Array>): Memory {
  const of = (section: MapSpec): Uint8Array => {
    let bytes = data.get(section.name)
    if (bytes === undefined) {
      bytes = new Uint8Array(section.valueSize)
      bytes.set(section.data ?? [])
      data.set(section.name, bytes)
    }
    return bytes
  }
  return {
    read: ({ section, offset, size }) => of(section).subarray(offset, offset + size),
    write(variable, bytes) {
      if (variable.section.kconfig !== undefined) throw readOnly(variable, "it is the kernel's own configuration")
      of(variable.section).set(bytes, variable.offset)
    },
  }
}

const KEY = new Uint8Array(4)

/** Sections of a loaded program: in shared memory, where the kernel maps them, else by system calls. */
export function loadedMemory(maps: ReadonlyMap<string, LoadedMap>): Memory {
  const whole = (map: LoadedMap): Uint8Array => map.lookup(KEY) ?? new Uint8Array(map.valueSize)
  return {
    read({ section, offset, size }) {
      const map = maps.get(section.name)!
      const memory = map.memory()
      // What is frozen does not change: a copy is as good, and writing to it does not end the process.
      const bytes = memory === undefined ? whole(map) : memory.writable ? memory.bytes : memory.bytes.slice()
      return bytes.subarray(offset, offset + size)
    },
    write(variable, bytes) {
      const { section, offset } = variable
      if (section.frozen) throw readOnly(variable, "it is const, and the verifier counts on its value")
      const map = maps.get(section.name)!
      const memory = map.memory()
      if (!memory?.writable) {
        // A program may change other variables of the section between the two calls: kernels before 5.5 have no better way.
        const value = whole(map)
        value.set(bytes, offset)
        map.update(KEY, value)
      } else store(memory.bytes, offset, bytes)
    },
  }
}

/** Writes a number in one step where it is aligned, so that no program sees half of it. */
function store(memory: Uint8Array, offset: number, bytes: Uint8Array): void {
  const at = memory.byteOffset + offset
  if (bytes.length === 8 && at % 8 === 0) {
    new BigUint64Array(memory.buffer, at, 1)[0] = new BigUint64Array(bytes.slice().buffer)[0]
  } else if (bytes.length === 4 && at % 4 === 0) {
    new Uint32Array(memory.buffer, at, 1)[0] = new Uint32Array(bytes.slice().buffer)[0]
  } else memory.set(bytes, offset)
}

const readOnly = ({ name }: GlobalVariable, why: string): SkepError =>
  new SkepError({
    code: "BPF_GLOBAL_READ_ONLY",
    message: `global variable ${name} cannot be changed`,
    why,
    hint: `a const has its value from before it is loaded: BPF.load({ …, globals: { ${name}: … } })`,
  })

/** The object with values for its global variables. */
export function withGlobals(object: BpfObject, values: Readonly<Globals> | undefined): BpfObject {
  if (values === undefined || Object.keys(values).length === 0) return object
  const btf = object.btf.length > 0 ? Btf.parse(object.btf) : undefined
  const data = new Map<string, Uint8Array>()
  const access = new GlobalAccess(globalVariables(object, btf), btf, initialMemory(data))
  for (const [name, value] of Object.entries(values)) if (value !== undefined) access.set(name, value)
  return withData(object, data)
}

/** The object with other initial bytes of its sections. */
export function withData(object: BpfObject, data: ReadonlyMap<string, Uint8Array>): BpfObject {
  const maps = object.maps.map(map => {
    const bytes = data.get(map.name)
    return bytes === undefined ? map : { ...map, data: bytes }
  })
  return { ...object, maps }
}
