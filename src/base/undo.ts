/**
 * Does all `steps`, also those behind one that throws: what is undone in one go must not stay half done. The first error is thrown at the end.
 */
export function undoAll(steps: Iterable<() => unknown>): void {
  const errors: unknown[] = []
  for (const step of steps) {
    try {
      step()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

/** Disposes all of them, in this order, as {@link undoAll} does. */
export function disposeAll(things: Iterable<Disposable>): void {
  undoAll(Array.from(things, thing => () => thing[Symbol.dispose]()))
}
