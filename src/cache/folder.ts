import { existsSync, lstatSync, mkdirSync, type Stats } from "node:fs"
import { homedir, userInfo } from "node:os"
import { isAbsolute, join } from "node:path"

/**
 * The folder in which skep keeps what it would have to work out again at every start: `$XDG_CACHE_HOME/skep`, else `~/.cache/skep`. Undefined
 * where there is none, where others could write to it (what is kept is trusted), and with `SKEP_CACHE=off`.
 */
export function cacheFolder(make = false): string | undefined {
  if (process.env.SKEP_CACHE === "off") return undefined
  try {
    const { XDG_CACHE_HOME: named } = process.env
    const home = named !== undefined && isAbsolute(named) ? named : join(ownHome(), ".cache")
    const folder = join(home, "skep")
    if (make) for (const path of [home, folder]) if (!existsSync(path)) mkdirSync(path, { mode: 0o700 })
    const stat = lstatSync(folder)
    return stat.isDirectory() && isOurs(stat) ? folder : undefined
  } catch {
    return undefined
  }
}

/** Whether nobody but this process's user (and root) can have written a file or folder. */
export function isOurs({ uid, mode }: Stats): boolean {
  return owner() === undefined || (uid === owner() && (mode & 0o022) === 0)
}

let rootsHome: string | undefined

/** Under sudo HOME may still be the user's, who could then choose what root runs: root's is asked of the system, once. */
function ownHome(): string {
  if (owner() !== 0) return homedir()
  rootsHome ??= userInfo().homedir
  return rootsHome
}

const owner = (): number | undefined => process.geteuid?.()
