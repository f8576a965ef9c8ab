import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
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
  const folder = cacheFolder()
  if (folder === undefined) return undefined
  let fd: number | undefined
  try {
    fd = openSync(join(folder, name), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    const stat = fstatSync(fd)
    return stat.isFile() && isOurs(stat) ? readFileSync(fd) : undefined
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
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
