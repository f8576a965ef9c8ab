import type { Helper } from "../code.ts"
import type { Run } from "../run.ts"

/** What is held stays as long as the machine has it: nothing has to be counted. */
const same: Helper = (run, low, high) => {
  run.high = high
  return low
}
const nothing: Helper = () => 0

function taskWith(run: Run, pid: number): number {
  for (const [task] of run.environment.visits?.("task", { tid: pid }) ?? []) return run.big(task)
  return 0
}

/** Tasks and control groups of the kernel. Source: kernel/bpf/helpers.c. */
export const taskKfuncs: Readonly<Record<string, Helper>> = {
  bpf_task_from_pid: taskWith,
  /** Linux 6.14. There is one namespace of processes. */
  bpf_task_from_vpid: taskWith,
  bpf_task_acquire: same,
  bpf_task_release: nothing,
  bpf_cgroup_acquire: same,
  bpf_cgroup_release: nothing,
}
