import type { Kernel } from "../kernel.ts"
import type { KernelObject } from "../memory/object.ts"
import type { Steps } from "../time/steps.ts"
import type { Task } from "./task.ts"

/** Capabilities that simulated calls ask for. Source: include/uapi/linux/capability.h. */
export const CAPABILITIES = {
  KILL: 5,
  NET_BIND_SERVICE: 10,
  NET_ADMIN: 12,
  SYS_ADMIN: 21,
  DAC_OVERRIDE: 1,
  FOWNER: 3,
} as const
const EPERM = 1

/** Asks whether a task has a capability: 0, or a negative error number. */
export function* capable(
  kernel: Kernel,
  task: Task,
  namespace: KernelObject,
  capability: keyof typeof CAPABILITIES,
): Steps<number> {
  const cred = task.object.big("cred")
  const number = CAPABILITIES[capability]
  const result = task.uid === 0 ? 0 : -EPERM
  return yield* kernel.call("security_capable", [cred, namespace, number, 0], () =>
    kernel.call("cap_capable", [cred, namespace, number, 0], () => {
      kernel.tracepoint(
        "capability:cap_capable",
        () => ({ cred, target_ns: namespace, capable_ns: namespace, cap: number, ret: result }),
        () => [cred, namespace, namespace, number, result],
      )
      return result
    }),
  )
}
