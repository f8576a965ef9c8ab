import { accessSync, constants, readdirSync, readFileSync } from "node:fs"
import { nearestNames, SkepError } from "../../base/index.ts"
import { parseLdCache } from "./ldCache.ts"
import { processMaps } from "./maps.ts"
import { pathInside, rootOf } from "./root.ts"

/** A file that a process runs code of. */
export interface Binary {
  /** Path in the mount namespace of the process that was asked for. */
  readonly name: string
  /** Path by which this process opens it. */
  readonly path: string
}

/** Folders that hold libraries whatever the cache says. */
const FOLDERS = [
  "/lib64",
  "/usr/lib64",
  "/lib",
  "/usr/lib",
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/local/lib",
]

/**
 * The file of a program or library: a path; the name of a library (`c`, `libc`, `libc.so.6`), which is looked for in what the process has
 * mapped, in `LD_LIBRARY_PATH`, in the dynamic linker's cache, and in its folders; or the name of a program in `PATH`. With a pid all of it is
 * the process's: its mappings, its environment, its mount namespace. Throws `SYMBOLS_NO_FILE`.
 */
export function findBinary(name: string, pid?: number): Binary {
  if (pid !== undefined && pid !== process.pid) needsProcess(pid)
  const root = rootOf(pid)
  const found = name.includes("/") ? existing(root, name) : (findLibrary(name, pid) ?? findProgram(name, pid))
  if (found !== undefined) return found
  const whose = pid === undefined ? "" : ` for process ${pid}`
  throw new SkepError({
    code: "SYMBOLS_NO_FILE",
    message: name.includes("/") ? `there is no file ${name}${whose}` : `there is no library or program ${name}${whose}`,
    hint: name.includes("/")
      ? "with a pid the path is that of the process's own mount namespace"
      : `${near(name, pid)}give its path, or the pid of a process that has it loaded`,
  })
}

/** The file of a library by its name, as {@link findBinary} looks for it; undefined when there is none. */
export function findLibrary(name: string, pid?: number): Binary | undefined {
  const root = rootOf(pid)
  if (pid !== undefined) {
    const mapped = processMaps(pid).find(({ path }) => path.startsWith("/") && isLibrary(baseName(path), name))
    if (mapped !== undefined) return existing(root, mapped.path)
  }
  for (const folder of environment("LD_LIBRARY_PATH", pid).split(/[:;]/)) {
    const found = folder.startsWith("/") ? inFolder(root, folder, name) : undefined
    if (found !== undefined) return found
  }
  const cached = libraries(root).filter(library => isLibrary(library.name, name))
  for (const { path } of cached) {
    const found = existing(root, path)
    if (found !== undefined && sameWidth(found.path)) return found
  }
  for (const folder of FOLDERS) {
    const found = inFolder(root, folder, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** The file of a program by its name, in `PATH`; undefined when there is none. */
export function findProgram(name: string, pid?: number): Binary | undefined {
  const root = rootOf(pid)
  const folders = environment("PATH", pid) || "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  for (const folder of folders.split(":").filter(f => f.startsWith("/"))) {
    const found = existing(root, `${folder}/${name}`)
    if (found === undefined) continue
    try {
      accessSync(found.path, constants.X_OK)
      return found
    } catch {}
  }
  return undefined
}

/** Whether a file's name is that of a library: `c`, `libc`, `libc.so` and `libc.so.6` all mean `libc.so.6` and `libc-2.31.so`. */
function isLibrary(file: string, name: string): boolean {
  if (file === name) return true
  if (/\.so\./.test(name)) return false
  const bare = name.replace(/\.so$/, "").replace(/^lib/, "")
  const stem = /^lib(.+?)(-[\d.]+)?\.so(\.[\d.]+)?$/.exec(file)
  return stem !== null && (stem[1] === bare || `${stem[1]}${stem[2] ?? ""}` === bare)
}

function existing(root: string, name: string): Binary | undefined {
  // A relative path is this process's own; the kernel resolves its own links.
  const path = root === "" ? name : pathInside(root, name)
  if (path === undefined) return undefined
  try {
    accessSync(path)
    return { name, path }
  } catch {
    return undefined
  }
}

function inFolder(root: string, folder: string, name: string): Binary | undefined {
  try {
    const files = readdirSync(`${root}${folder}`).filter(file => isLibrary(file, name))
    // The shortest name with a number is what programs are linked to: libc.so.6 rather than libc.so, often a linker's script.
    files.sort((a, b) => Number(/\.so$/.test(a)) - Number(/\.so$/.test(b)) || a.length - b.length)
    for (const file of files) {
      const found = existing(root, `${folder}/${file}`)
      if (found !== undefined && sameWidth(found.path)) return found
    }
  } catch {}
  return undefined
}

/** Whether a library is one of 64 bits: the cache and the folders have those of 32 bits, too. */
function sameWidth(path: string): boolean {
  try {
    const head = readHead(path)
    return head[0] === 0x7f && head[4] === 2
  } catch {
    return false
  }
}

function readHead(path: string): Uint8Array {
  const { openSync, readSync, closeSync } = process.getBuiltinModule("node:fs")
  const fd = openSync(path, "r")
  try {
    const bytes = new Uint8Array(16)
    readSync(fd, bytes, 0, 16, 0)
    return bytes
  } finally {
    closeSync(fd)
  }
}

function libraries(root: string): ReturnType<typeof parseLdCache> {
  const path = root === "" ? "/etc/ld.so.cache" : pathInside(root, "/etc/ld.so.cache")
  try {
    return path === undefined ? [] : parseLdCache(readFileSync(path))
  } catch {
    return []
  }
}

/** A variable of a process's environment as it was when the process started; "" without it. */
function environment(name: string, pid: number | undefined): string {
  if (pid === undefined || pid === process.pid) return process.env[name] ?? ""
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0")
    return entries.find(entry => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? ""
  } catch {
    return ""
  }
}

/** Throws `SYMBOLS_NO_PROCESS` for a process that is not there. */
export function needsProcess(pid: number): void {
  try {
    accessSync(`/proc/${pid}`)
  } catch (cause) {
    throw new SkepError({
      code: "SYMBOLS_NO_PROCESS",
      message: `there is no process ${pid}`,
      hint: "it may have ended, or the number is that of another pid namespace",
      cause,
    })
  }
}

function near(name: string, pid: number | undefined): string {
  const known = new Set(libraries(rootOf(pid)).map(library => library.name.replace(/\.so.*$/, "")))
  const names = nearestNames(name.startsWith("lib") ? name : `lib${name}`, known, 2)
  return names.length === 0 ? "" : `did you mean ${names.join(" or ")}? `
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)
