import type { IterScope } from "../../machine/index.ts"
import type { Task } from "./task.ts"

/** What iterators visit: `struct task_struct`; for `task_file` the number of a descriptor and its `struct file` besides. */
export function* visits(tasks: Iterable<Task>, kind: string, scope: IterScope): Generator<bigint[], void, undefined> {
  // A program that is called may let tasks begin and end.
  const chosen = [...tasks].filter(
    task => (scope.pid === undefined || task.tgid === scope.pid) && (scope.tid === undefined || task.pid === scope.tid),
  )
  chosen.sort((a, b) => a.pid - b.pid)
  for (const task of chosen) {
    const { address } = task.object
    if (kind === "task") yield [address]
    else for (const [fd, { file }] of task.files) yield [address, BigInt(fd), file.address]
  }
}
