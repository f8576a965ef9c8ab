import type { Helper } from "../code.ts"
import { EINVAL } from "../errno.ts"
import { StackTraceMap } from "../maps/stackTrace.ts"
import type { Run } from "../run.ts"

const BPF_F_SKIP_FIELD_MASK = 0xff
const BPF_F_USER_STACK = 1 << 8

function copyStack(run: Run, buffer: number, high: number, size: number, flags: number): number {
  if (size % 8 !== 0) return run.signed(-EINVAL)
  const at = run.writable(buffer, high, size)
  const user = (flags & BPF_F_USER_STACK) !== 0
  const stack = run.environment.stack(user ? "user" : "kernel").slice(flags & BPF_F_SKIP_FIELD_MASK)
  const count = Math.min(stack.length, size / 8)
  run.memory.u8.fill(0, at, at + size)
  for (let i = 0; i < count; i++) run.memory.view.setBigUint64(at + 8 * i, stack[i], true)
  return count * 8
}

/** Stacks of who runs. */
export const stackHelpers: Readonly<Record<string, Helper>> = {
  bpf_get_stackid(run, _context, _contextHigh, mapLow, mapHigh, flags) {
    const map = run.map(mapLow, mapHigh)
    return run.signed(map instanceof StackTraceMap ? map.id(flags) : -EINVAL)
  },
  bpf_get_stack: (run, _context, _contextHigh, buffer, bufferHigh, size, _sizeHigh, flags) =>
    copyStack(run, buffer, bufferHigh, size, flags),
  bpf_get_task_stack: (run, _task, _taskHigh, buffer, bufferHigh, size, _sizeHigh, flags) =>
    copyStack(run, buffer, bufferHigh, size, flags),
}
