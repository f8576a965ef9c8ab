import { lstatSync, readlinkSync } from "node:fs"

/** Symbolic links that are followed, as the kernel does. */
const MOST_LINKS = 40

/**
 * Where a path of another process is for this one: under `/proc/PID/root`, with symbolic links resolved there. The kernel would follow an
 * absolute link to this process's own files. Undefined when there is no such file.
 */
export function pathInside(root: string, path: string): string | undefined {
  let todo = path.split("/")
  let done: string[] = []
  let links = 0
  while (todo.length > 0) {
    const [part, ...rest] = todo
    todo = rest
    if (part === "" || part === ".") continue
    if (part === "..") {
      done = done.slice(0, -1)
      continue
    }
    const here = `${root}/${[...done, part].join("/")}`
    try {
      if (!lstatSync(here).isSymbolicLink()) {
        done.push(part)
        continue
      }
      if (++links > MOST_LINKS) return undefined
      const target = readlinkSync(here)
      if (target.startsWith("/")) done = []
      todo = [...target.split("/"), ...todo]
    } catch {
      return undefined
    }
  }
  return `${root}/${done.join("/")}`
}

/** The folder in which a process's files are; "" for the files of this process. */
export function rootOf(pid: number | undefined): string {
  if (pid === undefined || pid === process.pid || sameFiles(pid)) return ""
  return `/proc/${pid}/root`
}

/** Whether a process sees the same files: the same mount namespace and no chroot. A process that cannot be asked does. */
function sameFiles(pid: number): boolean {
  const same = (name: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/${name}`) === readlinkSync(`/proc/self/${name}`)
    } catch {
      return true
    }
  }
  return same("ns/mnt") && same("root")
}
