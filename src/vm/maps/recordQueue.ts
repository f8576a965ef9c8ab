import type { BatchBuffer } from "../../machine/index.ts"

/** Records on their way from programs to a reader, and who is told of them. */
export interface RecordSource {
  /** Hands over what is there, oldest first, at most about `limit` records. */
  takeRecords(batch: BatchBuffer, limit: number): void
  /** Calls `ready` when a record comes, until the function it returns is called. */
  listen(ready: () => void): () => void
}

/** Those who want to know that something has come. */
export class Listeners {
  readonly #listeners = new Set<() => void>()
  add(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
  tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
