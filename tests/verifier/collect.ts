import { watchBpf } from "../../src/kernel/bpf/index.ts"
import { type Compare, type Compared, compare } from "./compare.ts"
import { LoadWatcher, type Watched } from "./watched.ts"

/** What to call a program that was given to the kernel; undefined to leave it out. */
type Naming = (watched: Watched) => string | undefined

/**
 * Compares the verdicts on every program that `action` gives to the kernel, by whatever way. Loads that ask for a log are repetitions of those
 * that do not, and left out.
 */
export function collect(action: () => void, naming: Naming, how: Compare = compare): Compared[] {
  const results: Compared[] = []
  const watcher = new LoadWatcher(watched => {
    const name = watched.load.log === undefined ? naming(watched) : undefined
    if (name !== undefined) results.push(how(name, watched))
  })
  watchBpf(watcher)
  try {
    action()
  } finally {
    watchBpf(undefined)
  }
  return results
}

/** The programs of a loader; without a name are those by which it asks what the kernel can do. */
export const collectLoads = (file: string, action: () => void): Compared[] =>
  collect(action, ({ load }) => load.name && `${file} ${load.name}`)
