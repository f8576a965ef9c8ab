import type { Task } from "../tasks/task.ts"
import type { Steps } from "../time/steps.ts"
import { ProgramCalls } from "./programs.ts"

/**
 * A process of the simulated computer, as a workload's script has it. Every method that takes time is a generator, for `yield*`:
 *
 *     function* (shell: Process) {
 *       const fd = yield* shell.open("/etc/hosts", "read")
 *       yield* shell.read(fd, 4096)
 *       yield* shell.close(fd)
 *     }
 */
export class Process extends ProgramCalls {
  protected override processOf(task: Task): Process {
    return new Process(this.system, task)
  }

  /** Asks for so much memory that the kernel has to look for some. */
  *exhaust(): Steps<void> {
    yield* this.system.pressure.reclaim(0)
    yield* this.system.pressure.compact(4)
  }

  /** Asks for more than there is: the kernel ends it. */
  *exhaustAll(): Steps<never> {
    yield* this.system.pressure.outOfMemory(this.task)
    return yield* this.exit(137)
  }
}
