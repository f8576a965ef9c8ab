import type { KernelObject } from "../memory/object.ts"
import type { System } from "../system.ts"
import type { Steps } from "../time/steps.ts"

/** Something that threads of the kernel do later: `struct work_struct`, and what it is. */
export class Work {
  readonly #system: System
  readonly #object: KernelObject
  readonly #function: bigint
  readonly #name: string
  readonly #body: () => Steps<void>

  /** `name` is that of the kernel's function. */
  constructor(system: System, name: string, body: () => Steps<void>) {
    this.#system = system
    this.#name = name
    this.#body = body
    this.#function = system.kernel.names.address(name)
    this.#object = system.kernel.memory.new("work_struct", { func: this.#function })
  }

  /** It is to be done: `workqueue` is the name of the queue. */
  queue(workqueue: string): void {
    const { kernel } = this.#system
    const [work, fn, cpu] = [this.#object, this.#function, kernel.cpu()]
    const queued = () => ({ work, function: fn, workqueue, req_cpu: 64, cpu })
    kernel.callNow("__queue_work", [64, 0, work], () => {
      kernel.tracepoint("workqueue:workqueue_queue_work", queued, () => [64, 0, work])
      kernel.tracepoint(
        "workqueue:workqueue_activate_work",
        () => ({ work, function: fn }),
        () => [work],
      )
    })
  }

  /** A worker does it. */
  *execute(): Steps<void> {
    const { kernel } = this.#system
    const [work, fn] = [this.#object, this.#function]
    const fields = () => ({ work, function: fn })
    yield* kernel.call("process_one_work", [0, work], () => this.#execute(fields))
  }

  *#execute(fields: () => { readonly work: KernelObject; readonly function: bigint }): Steps<void> {
    const { kernel } = this.#system
    const [work, fn] = [this.#object, this.#function]
    kernel.tracepoint("workqueue:workqueue_execute_start", fields, () => [work])
    yield* kernel.call(this.#name, [work], this.#body)
    kernel.tracepoint("workqueue:workqueue_execute_end", fields, () => [work, fn])
  }
}
