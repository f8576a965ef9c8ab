import { readFileSync } from "node:fs"

/** The numbers of a list like `0-3,8,10-11`, in order. */
export function parseCpuList(text: string): number[] {
  const cpus: number[] = []
  for (const part of text.trim().split(",")) {
    if (part === "") continue
    const [first, last = first] = part.split("-").map(Number)
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu)
  }
  return cpus
}

let possible: number | undefined

/** Number of CPUs the kernel has made room for: the number of values of a per-CPU map. */
export function possibleCpus(): number {
  possible ??= (parseCpuList(readFileSync("/sys/devices/system/cpu/possible", "utf8")).at(-1) ?? 0) + 1
  return possible
}

/** CPUs that run now. */
export function onlineCpus(): number[] {
  return parseCpuList(readFileSync("/sys/devices/system/cpu/online", "utf8"))
}
