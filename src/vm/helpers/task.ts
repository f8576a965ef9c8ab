import type { Helper } from "../code.ts"
import { EINVAL, ESRCH } from "../errno.ts"

const encoder = new TextEncoder()

const currentTask: Helper = run => {
  const { address } = run.environment.task()
  return typeof address === "bigint" ? run.big(address) : run.pointer(address)
}

/** Who runs, and where. */
export const taskHelpers: Readonly<Record<string, Helper>> = {
  // The kernel's variables have one copy here, which all processors see.
  bpf_this_cpu_ptr(run, low, high) {
    run.high = high
    return low
  },
  bpf_per_cpu_ptr(run, low, high, cpu) {
    if (cpu >>> 0 >= run.environment.cpus) return 0
    run.high = high
    return low
  },

  bpf_get_current_pid_tgid(run) {
    const { pid, tgid } = run.environment.task()
    run.high = tgid
    return pid
  },

  bpf_get_current_uid_gid(run) {
    const { uid, gid } = run.environment.task()
    run.high = gid
    return uid
  },

  bpf_get_current_comm(run, buffer, high, size) {
    if (size <= 0) return run.signed(-EINVAL)
    const at = run.writable(buffer, high, size)
    const { u8 } = run.memory
    u8.fill(0, at, at + size)
    encoder.encodeInto(run.environment.task().comm, u8.subarray(at, at + Math.min(15, size - 1)))
    return 0
  },

  bpf_get_current_task: currentTask,
  bpf_get_current_task_btf: currentTask,
  bpf_get_current_cgroup_id: run => run.big(run.environment.task().cgroupId),
  bpf_get_current_ancestor_cgroup_id: (run, level) => (level === 0 ? run.big(1n) : 0),

  bpf_get_ns_current_pid_tgid(run, _device, _deviceHigh, _inode, _inodeHigh, data, dataHigh, size) {
    if (size !== 8) return run.signed(-EINVAL)
    const at = run.writable(data, dataHigh, size)
    const { pid, tgid } = run.environment.task()
    run.memory.view.setUint32(at, pid, true)
    run.memory.view.setUint32(at + 4, tgid, true)
    return 0
  },

  bpf_override_return(run, _context, _contextHigh, low, high) {
    const { environment } = run
    if (environment.override === undefined) return run.signed(-EINVAL)
    environment.override(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low >>> 0)))
    return 0
  },

  // Nobody is there whom a signal would reach.
  bpf_send_signal: run => run.signed(-ESRCH),
  bpf_send_signal_thread: run => run.signed(-ESRCH),

  bpf_get_attach_cookie: run => run.big(run.cookie),
  bpf_get_func_ip: run => run.big(run.functionAddress),
}
