import type { EventOptions } from "../../machine/index.ts"

/** How to read a stream of events. */
export interface EventStreamOptions extends EventOptions {
  /**
   * Type of the events, by its name in the program: `struct event`. Without it the type that the compiler saw submitted; where there is none,
   * events are bytes.
   */
  readonly type?: string
  /** Events as bytes, whatever their type. */
  readonly raw?: boolean
  /**
   * Called when events were lost: how many since the last call, and on which CPU (-1 where that is not known). Losses of ring buffers are looked
   * up about ten times a second while events are read.
   */
  readonly onLost?: (events: number, cpu: number) => void
}
