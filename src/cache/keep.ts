import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { cacheFolder, isOurs } from "./folder.ts"

/** Files of one kind that stay when another one comes. */
const MOST = 4

/** What was kept under a name; undefined when there is nothing, or somebody else may have written it. */
export function readKept(name: string): Buffer | undefined {
  const opened = openOurs(name)
  if (opened === undefined) return undefined
  try {
    return readFileSync(opened.fd)
  } catch {
    return undefined
  } finally {
    closeSync(opened.fd)
  }
}

/** A kept file that is read by parts. */
export interface KeptFile {
  /** Number of bytes. */
  readonly size: number
  /** The bytes from `at` on, in memory of their own. Throws where the file does not have them. */
  read(at: number, length: number): Uint8Array
  close(): void
}

/** Opens what was kept under a name, until it is closed or the process ends; undefined when there is nothing, or somebody else may have written it. */
export function openKept(name: string): KeptFile | undefined {
  const opened = openOurs(name)
  if (opened === undefined) return undefined
  const { fd, size } = opened
  const read = (at: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length)
    if (readSync(fd, bytes, 0, length, at) !== length)
      throw new Error(`${name} in skep's cache has been cut: remove it`)
    return bytes
  }
  return { size, read, close: () => closeSync(fd) }
}

function openOurs(name: string): { readonly fd: number; readonly size: number } | undefined {
  const folder = cacheFolder()
  if (folder === undefined) return undefined
  try {
    const fd = openSync(join(folder, name), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    const stat = fstatSync(fd)
    if (stat.isFile() && isOurs(stat)) return { fd, size: stat.size }
    closeSync(fd)
  } catch {}
  return undefined
}

/**
 * Keeps bytes under a name, `KIND-…`, for the next start; whoever reads meanwhile finds all of them or none. The oldest files of the kind go.
 * What cannot be kept is not: nothing depends on it.
 */
export function keep(name: string, bytes: Uint8Array): void {
  const folder = cacheFolder(true)
  if (folder === undefined) return
  const half = join(folder, `.${name}.${process.pid}`)
  try {
    writeFileSync(half, bytes, { mode: 0o600, flag: "wx" })
    renameSync(half, join(folder, name))
    prune(folder, name.slice(0, name.indexOf("-") + 1))
  } catch {
    rmSync(half, { force: true })
  }
}

function prune(folder: string, kind: string): void {
  const files = readdirSync(folder).filter(file => file.startsWith(kind))
  if (files.length <= MOST) return
  const age = new Map(files.map(file => [file, statSync(join(folder, file)).mtimeMs]))
  files.sort((a, b) => age.get(b)! - age.get(a)!)
  for (const file of files.slice(MOST)) rmSync(join(folder, file), { force: true })
}
