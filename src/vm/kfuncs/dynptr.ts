import type { Helper } from "../code.ts"
import { E2BIG, EINVAL, ERANGE } from "../errno.ts"
import { DYNPTR_BYTES, dynptrAt, PACKET_DATA, setDynptr, within } from "../helpers/dynptr.ts"

const fromPacket =
  (readOnly: boolean): Helper =>
  (run, _packet, _packetHigh, flags, flagsHigh, pointer, pointerHigh) => {
    const at = run.writable(pointer, pointerHigh, DYNPTR_BYTES)
    setDynptr(run, at)
    const { packet } = run
    if (packet === undefined || (flags | flagsHigh) !== 0) return run.signed(-EINVAL)
    setDynptr(run, at, PACKET_DATA, 0, packet.end - packet.data, readOnly && READ_ONLY_PACKETS.has(run.program.type))
    return 0
  }

/** Program types whose packets may not be written. */
const READ_ONLY_PACKETS = new Set([
  "socket_filter",
  "cgroup_skb",
  "lwt_in",
  "lwt_out",
  "lwt_seg6local",
  "flow_dissector",
])

const slice =
  (write: boolean): Helper =>
  (run, pointer, pointerHigh, offset, _offsetHigh, _buffer, _bufferHigh, length) => {
    const dynptr = dynptrAt(run, pointer, pointerHigh)
    if ((write && dynptr.readOnly) || within(dynptr, offset, length) !== 0) return 0
    return run.pointer(dynptr.start + offset)
  }

/** Kernel functions on dynptrs. Source: kernel/bpf/helpers.c. */
export const dynptrKfuncs: Readonly<Record<string, Helper>> = {
  bpf_dynptr_from_skb: fromPacket(true),
  bpf_dynptr_from_xdp: fromPacket(false),
  bpf_dynptr_slice: slice(false),
  bpf_dynptr_slice_rdwr: slice(true),

  bpf_dynptr_adjust(run, pointer, pointerHigh, start, _startHigh, end) {
    const { at, kind, size } = dynptrAt(run, pointer, pointerHigh)
    if (kind === 0 || start >>> 0 > end >>> 0) return run.signed(-EINVAL)
    if (end >>> 0 > size) return run.signed(-ERANGE)
    const { view } = run.memory
    view.setInt32(at + 12, view.getInt32(at + 12, true) + start, true)
    view.setInt32(at + 8, end - start, true)
    return 0
  },

  bpf_dynptr_is_null: (run, pointer, high) => (dynptrAt(run, pointer, high).kind === 0 ? 1 : 0),
  bpf_dynptr_is_rdonly(run, pointer, high) {
    const { kind, readOnly } = dynptrAt(run, pointer, high)
    return kind !== 0 && readOnly ? 1 : 0
  },
  bpf_dynptr_size(run, pointer, high) {
    const { kind, size } = dynptrAt(run, pointer, high)
    return kind === 0 ? run.signed(-EINVAL) : size
  },

  bpf_dynptr_clone(run, pointer, pointerHigh, clone, cloneHigh) {
    const { at, kind } = dynptrAt(run, pointer, pointerHigh)
    const to = run.writable(clone, cloneHigh, DYNPTR_BYTES)
    run.memory.u8.copyWithin(to, at, at + DYNPTR_BYTES)
    return kind === 0 ? run.signed(-EINVAL) : 0
  },

  bpf_dynptr_copy(run, to, toHigh, toOffset, _toOffsetHigh, from, fromHigh, fromOffset, _fromOffsetHigh, size) {
    const target = dynptrAt(run, to, toHigh)
    const source = dynptrAt(run, from, fromHigh)
    if (target.kind === 0 || source.kind === 0 || target.readOnly) return run.signed(-EINVAL)
    if (within(target, toOffset, size) !== 0 || within(source, fromOffset, size) !== 0) return run.signed(-E2BIG)
    const start = source.start + fromOffset
    run.memory.u8.copyWithin(target.start + toOffset, start, start + size)
    return 0
  },

  bpf_dynptr_memset(run, pointer, high, offset, _offsetHigh, size, _sizeHigh, value) {
    const dynptr = dynptrAt(run, pointer, high)
    const wrong = dynptr.readOnly ? -EINVAL : within(dynptr, offset, size)
    if (wrong !== 0) return run.signed(wrong)
    run.memory.u8.fill(value & 0xff, dynptr.start + offset, dynptr.start + offset + size)
    return 0
  },
}
