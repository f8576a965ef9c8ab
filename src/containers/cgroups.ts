import { opendirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"

/** Folders of control groups that are looked at when one is searched for. */
const MOST = 100_000

/**
 * Number of a control group (cgroup2), as `bpf_get_current_cgroup_id()` gives it: the inode of its folder. Linux 5.5 on 64-bit machines.
 * Undefined where there is no such folder.
 */
export function cgroupId(folder: string): bigint | undefined {
  try {
    const found = statSync(folder, { bigint: true })
    return found.isDirectory() ? found.ino : undefined
  } catch {
    return undefined
  }
}

/** Folder of the control group of a number, below the mount of cgroup2; undefined where there is none, any more. */
export function cgroupFolder(id: bigint, mount: string): string | undefined {
  let looked = 0
  for (const folder of foldersBelow(mount)) {
    if (cgroupId(folder) === id) return folder
    if (++looked === MOST) return undefined
  }
  return undefined
}

/** The folder and those below it, breadth first. */
function* foldersBelow(top: string): Generator<string> {
  const waiting = [top]
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
    yield folder
    try {
      using opened = closing(opendirSync(folder))
      for (let entry = opened.dir.readSync(); entry !== null; entry = opened.dir.readSync()) {
        if (entry.isDirectory()) waiting.push(join(folder, entry.name))
      }
    } catch {
      // Gone meanwhile, or not for this user.
    }
  }
}

/** Folders have no dispose method before Node 24. */
const closing = <D extends { closeSync(): void }>(dir: D): { readonly dir: D } & Disposable => ({
  dir,
  [Symbol.dispose]: () => dir.closeSync(),
})

/** Where cgroup2 is mounted, from the text of `/proc/mounts`: the first place; undefined where it is not. */
export function cgroupMount(mounts = readText("/proc/mounts")): string | undefined {
  for (const line of mounts.split("\n")) {
    const [, place, type] = line.split(" ")
    if (type !== "cgroup2") continue
    return place.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)))
  }
  return undefined
}

export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
