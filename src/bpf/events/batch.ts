import { SkepError } from "../../base/index.ts"
import type { RecordBatch } from "../../machine/index.ts"
import type { EventType, NumberKind } from "./eventType.ts"

/** A member of all events of a batch: a typed array for integers (`BigUint64Array` for those of 64 bits), an array of values for the rest. */
export type EventColumn =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | unknown[]

/** The column of a member by its type in JavaScript; {@link EventColumn} where nothing is known of it. */
export type EventColumnOf<T> = 0 extends 1 & T
  ? EventColumn
  : [T] extends [number]
    ? Exclude<EventColumn, BigUint64Array | BigInt64Array | unknown[]> | number[]
    : [T] extends [bigint]
      ? BigUint64Array | BigInt64Array | bigint[]
      : T[]

const ARRAYS = {
  u8: Uint8Array,
  s8: Int8Array,
  u16: Uint16Array,
  s16: Int16Array,
  u32: Uint32Array,
  s32: Int32Array,
  u64: BigUint64Array,
  s64: BigInt64Array,
} satisfies Record<NumberKind, unknown>

/**
 * Events that were taken over together. There is one such object for each stream, and its memory is used again for the next events: what
 * is to be kept is copied (`get` and the iteration do so, `raw` and `each` do not).
 */
export class EventBatch<T> implements Iterable<T> {
  readonly #type: EventType | undefined
  #records: RecordBatch
  #cursor: Cursor | undefined

  constructor(type: EventType | undefined, records: RecordBatch) {
    this.#type = type
    this.#records = records
  }

  /** @internal Puts other records in place of those that were here. */
  refill(records: RecordBatch): void {
    this.#records = records
  }

  /** Number of events. */
  get length(): number {
    return this.#records.count
  }

  /** Memory that all events of the batch lie in; see {@link offset} and {@link size}. */
  get view(): DataView {
    return this.#records.view
  }

  /** Where event `i` begins in {@link view}, in bytes. */
  offset(i: number): number {
    return this.#records.offsets[i]
  }

  /** Bytes of event `i`. A perf buffer may add up to 7 bytes. */
  size(i: number): number {
    return this.#records.sizes[i]
  }

  /** CPU that event `i` was sent on; -1 for a ring buffer, which does not tell. */
  cpu(i: number): number {
    return this.#records.cpus[i]
  }

  /** The bytes of event `i`, without a copy: valid during the call only. */
  raw(i: number): Uint8Array {
    const { bytes, offsets, sizes } = this.#records
    return bytes.subarray(offsets[i], offsets[i] + sizes[i])
  }

  /** Event `i`, decoded into an object of its own; a copy of its bytes where it has no type. @throws SkepError BTF_VALUE_SHORT */
  get(i: number): T {
    const type = this.#type
    if (type === undefined) return this.raw(i).slice() as T
    const { view, offsets, sizes } = this.#records
    return type.codec.decode(view, offsets[i], offsets[i] + sizes[i]) as T
  }

  /** Whether event `i` has all bytes of its type. */
  isWhole(i: number): boolean {
    return this.#type === undefined || this.#records.sizes[i] >= this.#type.codec.size
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.length; i++) if (this.isWhole(i)) yield this.get(i)
  }

  /**
   * Calls `fn` for every event with one object that is used for all: a member is decoded when it is read, and what is not read costs nothing.
   * The object is valid during the call only.
   * @throws SkepError BPF_NO_EVENT_TYPE for events without a type
   */
  each(fn: (event: Readonly<T>, index: number) => void): void {
    const cursor = (this.#cursor ??= new (cursorClass(this.#needType()))())
    const { count, view, offsets, sizes } = this.#records
    cursor[VIEW] = view
    for (let i = 0; i < count; i++) {
      if (!this.isWhole(i)) continue
      cursor[AT] = offsets[i]
      cursor[END] = offsets[i] + sizes[i]
      fn(cursor as unknown as Readonly<T>, i)
    }
  }

  /**
   * One member of all events. Events that are too short for their type have a zero (`undefined` in an array).
   * @throws SkepError BPF_NO_FIELD, BPF_NO_EVENT_TYPE
   */
  column<N extends keyof T & string>(name: N): EventColumnOf<T[N]> {
    const { number, offset, size, read } = this.#needType().field(name)
    const { count, view, offsets, sizes } = this.#records
    const column: { [index: number]: unknown } & EventColumn = number === undefined ? [] : new ARRAYS[number](count)
    for (let i = 0; i < count; i++) {
      const at = offsets[i]
      if (offset + size <= sizes[i]) column[i] = read(view, at, at + sizes[i])
      else if (number === undefined) column[i] = undefined
    }
    return column as EventColumnOf<T[N]>
  }

  #needType(): EventType {
    if (this.#type !== undefined) return this.#type
    throw new SkepError({
      code: "BPF_NO_EVENT_TYPE",
      message: "nothing says of what type these events are",
      hint: 'name it: { type: "struct event" }, or look at the bytes with raw(i)',
    })
  }
}

// Where the event is stands under symbols, so that members of any name can have their getters.
const VIEW = Symbol("view")
const AT = Symbol("at")
const END = Symbol("end")

/** The object that `each` hands out: where the event is, and in its prototype a getter for every member of the type. */
class Cursor {
  [VIEW]: DataView = new DataView(new ArrayBuffer(0));
  [AT] = 0;
  [END] = 0
}

const classes = new WeakMap<EventType, new () => Cursor>()

function cursorClass(type: EventType): new () => Cursor {
  const known = classes.get(type)
  if (known !== undefined) return known
  class EventCursor extends Cursor {
    toJSON(): object {
      return Object.fromEntries(type.names.map(name => [name, (this as Readonly<Record<string, unknown>>)[name]]))
    }
  }
  for (const name of type.names) {
    const { read } = type.field(name)
    Object.defineProperty(EventCursor.prototype, name, {
      enumerable: true,
      get(this: Cursor) {
        return read(this[VIEW], this[AT], this[END])
      },
    })
  }
  classes.set(type, EventCursor)
  return EventCursor
}
