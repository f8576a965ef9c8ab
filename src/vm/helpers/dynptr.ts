import { KERNEL } from "../address.ts"
import type { Helper } from "../code.ts"
import { E2BIG, EINVAL } from "../errno.ts"
import { RingbufMap } from "../maps/ringbuf.ts"
import { UserRingbufMap } from "../maps/userRingbuf.ts"
import { Skb } from "../packet/skb.ts"
import type { Run } from "../run.ts"
import { ringWith } from "./event.ts"
import { storeBytes } from "./packet/bytes.ts"

/**
 * A dynptr in a program's memory, 16 bytes that it cannot read:
 *
 *     +0   address of the first byte; 0 for none (packets: where they are is asked at each access)
 *     +4   what it points to, and bit 31 where it may only be read
 *     +8   bytes
 *     +12  bytes from the beginning that are left out
 */
export const DYNPTR_BYTES = 16
const MEMORY = 1
const RING = 2
export const PACKET_DATA = 3
const READ_ONLY = 0x80000000 | 0
/** Most bytes of a dynptr. Source: DYNPTR_MAX_SIZE. */
const MOST = 0xffffff

/** A dynptr as it was read. */
export interface Dynptr {
  readonly at: number
  /** Address of its first byte now; 0 for none. */
  readonly start: number
  readonly size: number
  readonly readOnly: boolean
  readonly kind: number
}

/** Writes a dynptr; without a kind, one to nothing. */
export function setDynptr(run: Run, at: number, kind = 0, data = 0, size = 0, readOnly = false): void {
  const { view } = run.memory
  view.setInt32(at, data, true)
  view.setInt32(at + 4, kind | (readOnly ? READ_ONLY : 0), true)
  view.setInt32(at + 8, size, true)
  view.setInt32(at + 12, 0, true)
}

/** The dynptr at an address. @throws Fault VM_ACCESS */
export function dynptrAt(run: Run, low: number, high: number): Dynptr {
  const at = run.readable(low, high, DYNPTR_BYTES)
  const { view } = run.memory
  const word = view.getInt32(at + 4, true)
  const kind = word & ~READ_ONLY
  const base = kind === PACKET_DATA ? (run.packet?.data ?? 0) : view.getInt32(at, true)
  const offset = view.getInt32(at + 12, true)
  return { at, kind, start: kind === 0 ? 0 : base + offset, size: view.getInt32(at + 8, true), readOnly: word < 0 }
}

/** Whether a dynptr has these bytes: 0, or −errno. */
export function within({ kind, size }: Dynptr, offset: number, length: number): number {
  if (kind === 0) return -EINVAL
  return (offset >>> 0) + (length >>> 0) > size ? -E2BIG : 0
}

const reserve: Helper = (run, mapLow, mapHigh, size, _sizeHigh, flags, flagsHigh, pointer, pointerHigh) => {
  const at = run.writable(pointer, pointerHigh, DYNPTR_BYTES)
  const map = run.map(mapLow, mapHigh)
  setDynptr(run, at)
  if (!(map instanceof RingbufMap) || (flags | flagsHigh) !== 0) return run.signed(-EINVAL)
  if (size >>> 0 > MOST) return run.signed(-E2BIG)
  const record = map.reserve(size)
  if (record === 0) return run.signed(-EINVAL)
  setDynptr(run, at, RING, record, size)
  return 0
}

const finish =
  (discard: boolean): Helper =>
  (run, pointer, pointerHigh, flags) => {
    const { start, at, kind } = dynptrAt(run, pointer, pointerHigh)
    if (kind !== RING) return 0
    ringWith(run, start).finish(start, discard, flags)
    setDynptr(run, at)
    return 0
  }

/** Most records that one call drains. Source: BPF_MAX_USER_RINGBUF_SAMPLES. */
const MOST_RECORDS = 128 * 1024
const WAKEUP_FLAGS = 3

/** Pointers to memory whose size only the machine knows. */
export const dynptrHelpers: Readonly<Record<string, Helper>> = {
  bpf_dynptr_from_mem(run, data, dataHigh, size, _sizeHigh, flags, flagsHigh, pointer, pointerHigh) {
    const at = run.writable(pointer, pointerHigh, DYNPTR_BYTES)
    setDynptr(run, at)
    if (size >>> 0 > MOST) return run.signed(-E2BIG)
    if ((flags | flagsHigh) !== 0) return run.signed(-EINVAL)
    setDynptr(run, at, MEMORY, run.writable(data, dataHigh, size), size)
    return 0
  },

  bpf_ringbuf_reserve_dynptr: reserve,
  bpf_ringbuf_submit_dynptr: finish(false),
  bpf_ringbuf_discard_dynptr: finish(true),

  bpf_dynptr_read(run, to, toHigh, length, _lengthHigh, pointer, pointerHigh, offset, _offsetHigh, flags, flagsHigh) {
    run.writable(to, toHigh, length)
    const dynptr = dynptrAt(run, pointer, pointerHigh)
    const wrong = (flags | flagsHigh) !== 0 ? -EINVAL : within(dynptr, offset, length)
    if (wrong !== 0) return run.signed(wrong)
    const from = dynptr.start + offset
    run.memory.u8.copyWithin(to, from, from + length)
    return 0
  },

  bpf_dynptr_write(
    run,
    pointer,
    pointerHigh,
    offset,
    _offsetHigh,
    from,
    fromHigh,
    length,
    _lengthHigh,
    flags,
    flagsHigh,
  ) {
    run.readable(from, fromHigh, length)
    const dynptr = dynptrAt(run, pointer, pointerHigh)
    const wrong = dynptr.readOnly ? -EINVAL : within(dynptr, offset, length)
    if (wrong !== 0) return run.signed(wrong)
    const { packet } = run
    if (dynptr.kind === PACKET_DATA && packet instanceof Skb) {
      return run.signed(storeBytes(packet, dynptr.start - packet.data + offset, from, length, flags, flagsHigh))
    }
    if ((flags | flagsHigh) !== 0) return run.signed(-EINVAL)
    run.memory.u8.copyWithin(dynptr.start + offset, from, from + length)
    return 0
  },

  bpf_dynptr_data(run, pointer, pointerHigh, offset, _offsetHigh, length) {
    const dynptr = dynptrAt(run, pointer, pointerHigh)
    // Packets may lie in several pieces: what there is of them is got by bpf_dynptr_slice.
    if (dynptr.readOnly || dynptr.kind === PACKET_DATA || within(dynptr, offset, length) !== 0) return 0
    return run.pointer(dynptr.start + offset)
  },

  bpf_user_ringbuf_drain(run, mapLow, mapHigh, callback, callbackHigh, context, contextHigh, flags) {
    const map = run.map(mapLow, mapHigh)
    if (!(map instanceof UserRingbufMap) || (flags & ~WAKEUP_FLAGS) !== 0) return run.signed(-EINVAL)
    const { memory } = run
    const pointer = memory.allocate(DYNPTR_BYTES, "a dynptr", { access: "read" })
    try {
      for (let count = 0; ; count++) {
        const record = count < MOST_RECORDS ? map.next() : undefined
        if (record === undefined) return count
        const data = memory.allocate(record.length, "a record", { access: "read" })
        memory.u8.set(record, data)
        setDynptr(run, pointer, MEMORY, data, record.length, true)
        const ended = run.callback(callback, callbackHigh, pointer, KERNEL, context, contextHigh)
        memory.free(data)
        if (ended !== 0) return count + 1
      }
    } finally {
      memory.free(pointer)
    }
  },
}
