import { SkepError, undoAll } from "../../base/index.ts"
import type { AttachProgress } from "../../machine/index.ts"
import type { Attached } from "./attacher.ts"

/** From so many places on it takes so long that a user wants to see how far it is. */
const SHOWN_FROM = 100
/** Places between two reports. */
const STEP = 25

/**
 * Attaches to places one after the other. All or nothing: after an error those before it are detached, and the error says which place it was.
 * Progress is reported where there are more than 100.
 */
export function attachEach<T>(
  method: string,
  places: readonly T[],
  open: (place: T, index: number) => Attached,
  onProgress: AttachProgress | undefined,
): Attached {
  const done: Attached[] = []
  const close = (): void => {
    const steps = done.splice(0).reverse()
    undoAll(steps.map(attached => () => attached.close()))
  }
  const report = places.length > SHOWN_FROM ? onProgress : undefined
  try {
    for (const [i, place] of places.entries()) {
      done.push(open(place, i))
      if (done.length % STEP === 0 || done.length === places.length) report?.(done.length, places.length)
    }
  } catch (error) {
    const failed = done.length + 1
    close()
    if (!(error instanceof SkepError)) throw error
    const message = `${error.message} (place ${failed} of ${places.length}; nothing stays attached)`
    throw new SkepError({ ...error.parts, message, cause: error })
  }
  return { method: `${method}, ${places.length} places`, close }
}
