import type { Watcher } from "./sys.ts"

/** What waits for one descriptor. */
interface Handle {
  ref(): void
  unref(): void
  stop(): void
  close(): void
}

interface Watched {
  readonly handle: Handle
  /** Whoever waits, and whether the process is to stay alive for it. */
  readonly waiting: Map<() => void, boolean>
}

/**
 * Watchers of descriptors, of which an event loop takes one for each: those who wait for the same one share it. `open` starts to wait for a
 * descriptor and calls its callback whenever it can be read.
 */
export class Watchers {
  readonly #open: (fd: number, ready: () => void) => Handle
  readonly #watched = new Map<number, Watched>()

  constructor(open: (fd: number, ready: () => void) => Handle) {
    this.#open = open
  }

  watch(fd: number, callback: () => void): Watcher {
    // The same callback may come twice.
    const ready = (): void => callback()
    const watched = this.#of(fd)
    watched.waiting.set(ready, true)
    watched.handle.ref()
    let open = true
    return {
      keepAlive(keep) {
        if (!open) return
        watched.waiting.set(ready, keep)
        keepAliveAsWanted(watched)
      },
      close: () => {
        if (!open) return
        this.#leave(fd, watched, ready)
        open = false
      },
    }
  }

  #of(fd: number): Watched {
    let watched = this.#watched.get(fd)
    if (watched === undefined) {
      const waiting = new Map<() => void, boolean>()
      const handle = this.#open(fd, () => {
        for (const ready of [...waiting.keys()]) if (waiting.has(ready)) ready()
      })
      this.#watched.set(fd, (watched = { handle, waiting }))
    }
    return watched
  }

  #leave(fd: number, watched: Watched, ready: () => void): void {
    const { handle, waiting } = watched
    waiting.delete(ready)
    if (waiting.size > 0) {
      keepAliveAsWanted(watched)
      return
    }
    this.#watched.delete(fd)
    handle.stop()
    handle.close()
  }
}

function keepAliveAsWanted({ handle, waiting }: Watched): void {
  if ([...waiting.values()].includes(true)) handle.ref()
  else handle.unref()
}
