import { existsSync, statSync } from "node:fs"
import { dirname, isAbsolute, join } from "node:path"
import { SourceFile } from "../../base/index.ts"
import { readBytes } from "../../bpf/index.ts"
import type { IncludeResolver } from "../../c/index.ts"
import { isKnownHeader } from "../../libbpf/index.ts"
import type { CcFolders } from "./job.ts"

const STANDARD = ["/usr/local/include", "/usr/include"]

/** A header that a program read. */
export interface UsedHeader {
  readonly path: string
  /** Found in a folder of `-isystem`, `-idirafter` or the system's. */
  readonly system: boolean
}

export interface CcHeaderOptions {
  readonly onRead?: (path: string, depth: number) => void
  readonly unmade?: boolean
}

/**
 * Finds headers as clang does: beside the including file and in `-iquote` for `"x.h"`, then in `-I`, `-isystem`, /usr/include and
 * `-idirafter`. Headers of the kernel and of libbpf (`<linux/bpf.h>`, `<bpf/bpf_helpers.h>`) are skep's own, even where a folder of
 * kernel headers is given; a project's own `linux/x.h` that stands elsewhere is read.
 */
export class CcHeaders {
  /** Those that were read, in order, each once. */
  readonly used = new Map<string, UsedHeader>()
  readonly #folders: CcFolders
  readonly #onRead: ((path: string, depth: number) => void) | undefined
  readonly #unmade: boolean
  /** Number of files around each one. */
  readonly #depths = new Map<string, number>()
  readonly #files = new Map<string, SourceFile>()
  readonly #kernel = new Map<string, boolean>()

  /** `onRead` is told of each header that is read; with `unmade`, headers that are not there are empty ones. */
  constructor(folders: CcFolders, options: CcHeaderOptions = {}) {
    this.#folders = folders
    this.#onRead = options.onRead
    this.#unmade = options.unmade === true
  }

  /** The folders that `<x.h>` is looked for in. */
  get angled(): readonly { readonly path: string; readonly system: boolean }[] {
    const { user, system, after, standard } = this.#folders
    const late = [...system, ...(standard ? STANDARD : []), ...after]
    return [...user.map(path => ({ path, system: false })), ...late.map(path => ({ path, system: true }))]
  }

  readonly resolve: IncludeResolver = (name, form, from) => {
    const found = this.#find(name, form, from)
    if (found !== undefined) {
      const depth = (this.#depths.get(from.name) ?? 0) + 1
      this.#depths.set(found.name, depth)
      this.#onRead?.(found.name, depth)
    } else if (this.#unmade && !isKnownHeader(name)) {
      this.used.set(name, { path: name, system: false })
      return new SourceFile(name, "")
    }
    return found
  }

  #find(...[name, form, from]: Parameters<IncludeResolver>): SourceFile | undefined {
    if (isAbsolute(name)) return this.#read(name, false)
    if (form === "quoted" && !from.system) {
      const beside = dirname(from.name)
      const place = beside === "." ? name : join(beside, name)
      const found = this.#read(place, this.used.get(from.name)?.system === true)
      if (found !== undefined) return found
    }
    const folders = this.angled
    const all =
      form === "quoted" ? [...this.#folders.quoted.map(path => ({ path, system: false })), ...folders] : folders
    for (const { path, system } of all) {
      if (isKnownHeader(name) && (system || this.#holdsKernel(path, name))) continue
      const found = this.#read(join(path, name), system)
      if (found !== undefined) return found
    }
    return undefined
  }

  #read(path: string, system: boolean): SourceFile | undefined {
    let file = this.#files.get(path)
    if (file === undefined) {
      if (!existsSync(path) || !statSync(path).isFile()) return undefined
      file = new SourceFile(path, readBytes(path).toString("utf8"))
      this.#files.set(path, file)
    }
    if (!this.used.has(path)) this.used.set(path, { path, system })
    return file
  }

  /** Whether a folder of `-I` holds the kernel's headers, or for `bpf/…` libbpf's. */
  #holdsKernel(folder: string, name: string): boolean {
    if (name.startsWith("bpf/")) return true
    let known = this.#kernel.get(folder)
    if (known === undefined) {
      known = ["linux/types.h", "asm/ptrace.h", "asm/types.h", "generated/autoconf.h"].some(header =>
        existsSync(join(folder, header)),
      )
      this.#kernel.set(folder, known)
    }
    return known
  }
}
