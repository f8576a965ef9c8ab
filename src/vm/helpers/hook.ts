import type { Helper } from "../code.ts"
import { EINVAL, ENOPROTOOPT } from "../errno.ts"

/** Offsets in `struct bpf_sock_ops`, and flags that ask for its callbacks. Source: include/uapi/linux/bpf.h. */
const OPS_FULL_SOCKET = 72
const OPS_CALLBACK_FLAGS = 84
const ALL_CALLBACKS = 0x7f

/** Most negative error number. */
const MAX_ERRNO = 4095

/** Helpers of programs at hooks of control groups and sockets. */
export const hookHelpers: Readonly<Record<string, Helper>> = {
  bpf_get_retval: run => run.signed(run.retval),
  bpf_set_retval(run, value) {
    if (value > 0 || value < -MAX_ERRNO) return run.signed(-EINVAL)
    run.retval = value
    return 0
  },

  bpf_sock_ops_cb_flags_set(run, context, high, flags) {
    const at = run.writable(context, high, OPS_CALLBACK_FLAGS + 4)
    const { view } = run.memory
    if (view.getUint32(at + OPS_FULL_SOCKET, true) === 0) return run.signed(-EINVAL)
    view.setUint32(at + OPS_CALLBACK_FLAGS, flags & ALL_CALLBACKS, true)
    return flags & ~ALL_CALLBACKS
  },

  // Options are kept as they are set, and nobody looks at them.
  bpf_setsockopt(run, _context, _high, level, _levelHigh, option, _optionHigh, value, valueHigh, size) {
    const at = run.readable(value, valueHigh, size)
    run.socketOptions ??= new Map()
    run.socketOptions.set(`${level} ${option}`, run.memory.copy(at, size))
    return 0
  },
  bpf_getsockopt(run, _context, _high, level, _levelHigh, option, _optionHigh, value, valueHigh, size) {
    const at = run.writable(value, valueHigh, size)
    const { u8 } = run.memory
    u8.fill(0, at, at + size)
    const kept = run.socketOptions?.get(`${level} ${option}`)
    if (kept === undefined) return run.signed(-ENOPROTOOPT)
    u8.set(kept.subarray(0, size), at)
    return 0
  },

  // What is sent lies in one piece, and the verdict is for all of it.
  bpf_msg_apply_bytes: () => 0,
  bpf_msg_cork_bytes: () => 0,
  bpf_msg_pull_data(run, context, high, start, _startHigh, end, _endHigh, flags, flagsHigh) {
    const at = run.writable(context, high, 16)
    const { view } = run.memory
    const data = view.getUint32(at, true)
    const length = view.getUint32(at + 8, true) - data
    if ((flags | flagsHigh) !== 0 || end >>> 0 <= start >>> 0 || end >>> 0 > length) return run.signed(-EINVAL)
    view.setUint32(at, data + start, true)
    view.setUint32(at + 8, data + end, true)
    return 0
  },

  /** The address that a socket is bound to before it connects. */
  bpf_bind: () => 0,
}
