import { onlineCpus as online, possibleCpus as possible } from "../../kernel/index.ts"

/** Numbers of the CPUs that run now. @throws Error where /sys is not mounted */
export function onlineCpus(): number[] {
  return online()
}

/** Numbers of the CPUs that the kernel has made room for: a per-CPU table has a value for each. @throws Error where /sys is not mounted */
export function possibleCpus(): number[] {
  return Array.from({ length: possible() }, (_, cpu) => cpu)
}
