import { callFailed } from "./host/index.ts"
import { sys } from "./raw/index.ts"

/** A descriptor of a process, by the id of its main thread. Linux 5.3. Throws `KERNEL_CALL` where there is none. */
export function openTask(pid: number): number {
  const { call, numbers } = sys()
  const fd = call(numbers.pidfdOpen, pid, 0)
  if (fd < 0) throw callFailed(`opening process ${pid}`, -fd)
  return fd
}
