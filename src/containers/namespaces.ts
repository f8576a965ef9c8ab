import { readdirSync, statSync } from "node:fs"
import { readText } from "./cgroups.ts"

/** A namespace as the kernel tells it: programs compare the inode, `bpf_get_ns_current_pid_tgid` both. */
export interface Namespace {
  /** Number of the device of its file, as `stat` gives it. */
  readonly device: bigint
  /** Inode of its file, as `ls -i` and `lsns` show it. */
  readonly inode: bigint
}

/** Kinds of namespaces by their names in `/proc/PID/ns`. */
export type NamespaceKind = "cgroup" | "ipc" | "mnt" | "net" | "pid" | "time" | "user" | "uts"

/** The namespace of a process; undefined where there is no such process, or this user may not look. */
export function namespaceOf(kind: NamespaceKind, pid: number | "self" = "self", proc = "/proc"): Namespace | undefined {
  try {
    const { dev, ino } = statSync(`${proc}/${pid}/ns/${kind}`, { bigint: true })
    return { device: dev, inode: ino }
  } catch {
    return undefined
  }
}

/**
 * Numbers of a process from the text of `/proc/PID/status`: in the namespace of whoever reads, then in each one below, to the one that it lives
 * in. Linux 4.1; empty where the text does not tell.
 */
export function numbersOf(status: string): number[] {
  const found = /^NSpid:((?:\s+\d+)+)\s*$/m.exec(status)
  return found === null ? [] : found[1].trim().split(/\s+/).map(Number)
}

/** A process's number in its own namespace, as it sees itself. Undefined where there is no such process. */
export function ownPid(pid: number, proc = "/proc"): number | undefined {
  return numbersOf(readText(`${proc}/${pid}/status`)).at(-1)
}

/**
 * The process that has the number `inner` in the namespace in which the process `neighbour` lives; undefined where there is none. It looks at all
 * processes: for one now and then.
 */
export function outerPid(inner: number, neighbour: number, proc = "/proc"): number | undefined {
  const wanted = namespaceOf("pid", neighbour, proc)
  if (wanted === undefined) return undefined
  for (const name of readdirSync(proc)) {
    if (!/^\d+$/.test(name)) continue
    const pid = Number(name)
    if (ownPid(pid, proc) !== inner) continue
    const own = namespaceOf("pid", pid, proc)
    if (own?.inode === wanted.inode && own.device === wanted.device) return pid
  }
  return undefined
}
