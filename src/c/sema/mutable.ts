/** A declaration while it is being made: `Ref` nodes point at the very object, so it is completed in place. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] }
