import { closeSync, openSync, readFileSync, readSync } from "node:fs"

/** Capabilities that BPF asks for, by their bit. Source: Linux include/uapi/linux/capability.h. */
const BITS = {
  CAP_NET_ADMIN: 12n,
  CAP_NET_RAW: 13n,
  CAP_IPC_LOCK: 14n,
  CAP_SYS_ADMIN: 21n,
  CAP_SYS_RESOURCE: 24n,
  CAP_PERFMON: 38n,
  CAP_BPF: 39n,
} as const

export type Capability = keyof typeof BITS

/** The capabilities that are known here. */
export const bpfCapabilities = Object.keys(BITS) as readonly Capability[]

/** What the running process may do, as far as files of /proc and /sys tell. */
export interface Privilege {
  /** Effective capabilities, as a bit set. */
  readonly effective: bigint
  /** False in a user namespace, where capabilities do not count for BPF. */
  readonly initialUserNamespace: boolean
  /** `kernel.unprivileged_bpf_disabled`: 0 allowed, 1 and 2 forbidden; undefined when it cannot be read. */
  readonly unprivilegedBpfDisabled: number | undefined
  /** `kernel.perf_event_paranoid`; undefined when it cannot be read. */
  readonly perfEventParanoid: number | undefined
  /** A seccomp filter is active: container runtimes forbid bpf(2) with one. */
  readonly seccomp: boolean
  readonly lockdown: "none" | "integrity" | "confidentiality" | undefined
}

export function readPrivilege(): Privilege {
  const status = readText("/proc/self/status") ?? ""
  const lockdown = /\[(\w+)\]/.exec(readText("/sys/kernel/security/lockdown") ?? "")?.[1]
  return {
    effective: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`),
    initialUserNamespace: isInitialMap(readText("/proc/self/uid_map")),
    unprivilegedBpfDisabled: readNumber("/proc/sys/kernel/unprivileged_bpf_disabled"),
    perfEventParanoid: readNumber("/proc/sys/kernel/perf_event_paranoid"),
    seccomp: /^Seccomp:\s*2/m.test(status),
    lockdown: lockdown as Privilege["lockdown"],
  }
}

/** Whether a process has a capability by itself. */
export function isEffective({ effective }: Privilege, capability: Capability): boolean {
  return ((effective >> BITS[capability]) & 1n) === 1n
}

/** Whether a process has a capability for BPF's purposes: CAP_SYS_ADMIN stands for all of them but CAP_SYS_RESOURCE. */
export function hasCapability(privilege: Privilege, capability: Capability): boolean {
  if (isEffective(privilege, capability)) return true
  return capability !== "CAP_SYS_RESOURCE" && isEffective(privilege, "CAP_SYS_ADMIN")
}

/**
 * Whether the kernel keeps perf events from whoever has no CAP_SYS_ADMIN: Debian and Ubuntu have settings above 2 for that, and CAP_PERFMON does not
 * help there.
 */
export function perfIsShut(privilege: Privilege): boolean {
  return (privilege.perfEventParanoid ?? 0) > 2 && !isEffective(privilege, "CAP_SYS_ADMIN")
}

/** The command that opens perf events to those who have CAP_PERFMON. It lasts until the next start of the machine. */
export const OPEN_PERF = "sudo sysctl kernel.perf_event_paranoid=2"

/** The content of a small file; undefined when it cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

/** The first 4 kB of a file, for those in /proc that are large; empty when it cannot be read. */
export function readHead(path: string): string {
  const buffer = Buffer.alloc(4096)
  try {
    const fd = openSync(path, "r")
    try {
      return buffer.toString("latin1", 0, readSync(fd, buffer))
    } finally {
      closeSync(fd)
    }
  } catch {
    return ""
  }
}

/** The decimal number in a small file; undefined when there is none. */
export function readNumber(path: string): number | undefined {
  const text = readText(path)?.trim()
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined
}

/** The map of the first user namespace is `0 0 4294967295`. */
function isInitialMap(map: string | undefined): boolean {
  return map === undefined || /^\s*0\s+0\s+4294967295\s*$/.test(map)
}
