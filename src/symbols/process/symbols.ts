import { readFileSync, statSync } from "node:fs"
import { demangle } from "../demangle/index.ts"
import { ElfImage } from "../elf/index.ts"
import type { Binary } from "./binary.ts"
import { type Mapping, processMaps } from "./maps.ts"
import { CodeModule, identityOfFile } from "./module.ts"
import { PerfMap } from "./perfMap.ts"
import { pathInside, rootOf } from "./root.ts"

/** Where an address of a process is. What is not known is left out. */
export interface UserLocated {
  /** The function, readable when it was asked for so. */
  readonly name: string | undefined
  /** Bytes behind the function's beginning, or behind the file's where the function is not known. */
  readonly offset: number
  /** Path of the file, `[vdso]`, or the perf map of a just-in-time compiler. */
  readonly module: string
}

/** Processes that are kept. The one that was not asked for longest goes first. */
const MOST_PROCESSES = 1024
/** Perf maps above this are not read. */
const MOST_PERF_MAP = 256 << 20

/**
 * Functions of running processes by address. What a process had mapped is kept when it has ended, and files that were mapped stay open until
 * their symbols are read: an address that was sampled in a process that lives for milliseconds is found as long as the process was
 * {@link remember | remembered} while it ran.
 */
export class UserSymbols {
  readonly #processes = new Map<number, Process>()
  /** By {@link identityOfFile}: most processes run the same few libraries. */
  readonly #modules = new Map<string, CodeModule | undefined>()

  /** Reads what a process has mapped now. False when it is gone, or may not be looked at. */
  remember(pid: number): boolean {
    const process = this.#process(pid)
    return process.mappings.length > 0
  }

  /** The function an address of a process is in; undefined where nothing is mapped. Names are those of C++ and Rust when `readable`. */
  locate(pid: number, address: number, readable = true): UserLocated | undefined {
    const process = this.#process(pid)
    let mapping = find(process.mappings, address)
    if (mapping === undefined && process.read()) {
      this.#openAll(process)
      mapping = find(process.mappings, address)
    }
    if (mapping === undefined) return undefined
    const module = process.modules.get(mapping)
    if (module === undefined) return process.compiled(address)
    const fileOffset = address - mapping.start + mapping.fileOffset
    const found = module.locate(fileOffset)
    if (found === undefined) return { name: undefined, offset: fileOffset, module: module.path }
    return { name: readable ? demangle(found.name) : found.name, offset: found.offset, module: module.path }
  }

  /** Makes a file known by its build id. Throws `SYMBOLS_NO_FILE`, `SYMBOLS_ELF`. */
  addFile(binary: Binary): void {
    this.#modules.set(
      `file ${binary.path}`,
      new CodeModule(ElfImage.open(binary.path, binary.name), binary.name, binary.path),
    )
  }

  /** The function at a byte of the file with a build id; undefined for a file that no process was seen with and that was not added. */
  locateInFile(buildId: string, offset: number, readable = true): UserLocated | undefined {
    for (const module of this.#modules.values()) {
      if (module?.buildId !== buildId) continue
      const found = module.locate(offset)
      if (found === undefined) return { name: undefined, offset, module: module.path }
      return { name: readable ? demangle(found.name) : found.name, offset: found.offset, module: module.path }
    }
    return undefined
  }

  /** Forgets what ended processes had mapped. */
  clear(): void {
    this.#processes.clear()
  }

  #process(pid: number): Process {
    const known = this.#processes.get(pid)
    if (known !== undefined && !known.replaced()) {
      this.#processes.delete(pid)
      this.#processes.set(pid, known)
      return known
    }
    const process = new Process(pid)
    process.read()
    this.#openAll(process)
    this.#processes.set(pid, process)
    for (const oldest of this.#processes.keys()) {
      if (this.#processes.size <= MOST_PROCESSES) break
      this.#processes.delete(oldest)
    }
    return process
  }

  #openAll(process: Process): void {
    for (const mapping of process.mappings) {
      if (process.modules.has(mapping) || !(mapping.path.startsWith("/") || mapping.path === "[vdso]")) continue
      if (mapping.path.startsWith("/memfd:") || mapping.path.startsWith("/dev/")) continue
      const key = identityOfFile(process.pid, mapping)
      if (!this.#modules.has(key)) this.#modules.set(key, CodeModule.open(process.pid, mapping))
      const module = this.#modules.get(key)
      if (module !== undefined) process.modules.set(mapping, module)
    }
  }
}

/** What is known of a process, though it may be gone. */
class Process {
  readonly pid: number
  mappings: readonly Mapping[] = []
  readonly modules = new Map<Mapping, CodeModule>()
  readonly #identity: string | undefined
  #perfMap: { readonly path: string; readonly size: number; readonly map: PerfMap } | undefined

  constructor(pid: number) {
    this.pid = pid
    this.#identity = identityOf(pid)
  }

  /** Whether another program runs under this pid now: started later, or by exec. */
  replaced(): boolean {
    const now = identityOf(this.pid)
    return now !== undefined && now !== this.#identity
  }

  /** Reads the mappings again; false when that is not possible any more, and what was known stays. */
  read(): boolean {
    const mappings = processMaps(this.pid).filter(mapping => mapping.executable)
    if (mappings.length === 0) return false
    this.mappings = mappings.sort((a, b) => a.start - b.start)
    this.modules.clear()
    this.#readPerfMap()
    return true
  }

  /** Code that was compiled at run time. */
  compiled(address: number): UserLocated | undefined {
    let found = this.#perfMap?.map.locate(address)
    if (found === undefined) {
      this.#readPerfMap()
      found = this.#perfMap?.map.locate(address)
    }
    return found && this.#perfMap && { ...found, module: this.#perfMap.path }
  }

  #readPerfMap(): void {
    try {
      const path = `/tmp/perf-${pidInside(this.pid)}.map`
      const root = rootOf(this.pid)
      const file = root === "" ? path : pathInside(root, path)
      if (file === undefined) return
      const { size, uid } = statSync(file)
      if (size === this.#perfMap?.size || size > MOST_PERF_MAP) return
      // Everybody can write to /tmp: names are believed of the process's own user and of root.
      if (uid !== 0 && uid !== statSync(`/proc/${this.pid}`).uid) return
      this.#perfMap = { path, size, map: new PerfMap(readFileSync(file)) }
    } catch {
      // None, or the process is gone: what was read before stays.
    }
  }
}

function find(mappings: readonly Mapping[], address: number): Mapping | undefined {
  let from = 0
  let to = mappings.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (mappings[middle].start <= address) from = middle + 1
    else to = middle
  }
  const mapping = mappings[from - 1]
  return mapping !== undefined && address < mapping.end ? mapping : undefined
}

/** What tells a process from a later one of the same number, and from itself before exec; undefined when there is none. */
function identityOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    // Field 22 is the start time; the name in field 2 may have blanks and parentheses.
    const [started] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(19)
    const { dev, ino } = statSync(`/proc/${pid}/exe`)
    return `${started} ${dev} ${ino}`
  } catch {
    return undefined
  }
}

/** The pid that a process has for itself, in its own pid namespace. */
function pidInside(pid: number): number {
  const found = /^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))
  return found === null ? pid : Number(found[1])
}
