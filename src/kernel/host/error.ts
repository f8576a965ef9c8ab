import { type ErrorParts, SkepError } from "../../base/index.ts"
import { EACCES, EPERM, errnoText } from "../raw/index.ts"
import {
  bpfCapabilities,
  type Capability,
  hasCapability,
  isEffective,
  OPEN_PERF,
  type Privilege,
  perfIsShut,
  readPrivilege,
} from "./privilege.ts"

/** A failed system call that has no better explanation: `KERNEL_CALL` unless `parts` say another code. */
export function callFailed(what: string, errno: number, parts: Partial<ErrorParts> = {}): SkepError {
  return new SkepError({ code: "KERNEL_CALL", message: `${what}: ${errnoText(errno)}`, errno, ...parts })
}

export function isPermission(errno: number): boolean {
  return errno === EPERM || errno === EACCES
}

/**
 * `KERNEL_NO_PERMISSION`: which capability is missing for `what` (a phrase like "loading program hello"), or what else
 * forbids it, and the way round.
 */
export function permissionError(
  what: string,
  errno: number,
  needs: readonly Capability[],
  privilege: Privilege = readPrivilege(),
): SkepError {
  const parts = (message: string, why: string, hint: string): SkepError =>
    new SkepError({ code: "KERNEL_NO_PERMISSION", message: `${what} is not permitted: ${message}`, why, hint, errno })

  const missing = needs.filter(capability => !hasCapability(privilege, capability))
  if (missing.length > 0) {
    const instead = needs.includes("CAP_SYS_ADMIN") ? "" : ", or CAP_SYS_ADMIN for all of it"
    const off = needs.includes("CAP_BPF") && privilege.unprivilegedBpfDisabled !== 0
    const unprivileged = off ? "; kernel.unprivileged_bpf_disabled leaves nothing to users without it" : ""
    return parts(
      `this process lacks ${listed(missing)}`,
      `the kernel asks for ${listed(needs)}${instead}${unprivileged}`,
      grantHint(needs, privilege),
    )
  }
  // The kernel refuses perf events by EACCES, programs by EPERM.
  if (errno === EACCES && needs.includes("CAP_PERFMON") && perfIsShut(privilege)) {
    return parts(
      `kernel.perf_event_paranoid is ${privilege.perfEventParanoid}`,
      "above 2, which distributions set, only CAP_SYS_ADMIN may use perf events; probes and tracepoints are some",
      `run it with sudo, or allow it: ${OPEN_PERF}`,
    )
  }
  if (!privilege.initialUserNamespace) {
    return parts(
      "this is a user namespace",
      "root inside a user namespace (a rootless container) has no rights to the kernel's BPF",
      "run it on the host, or in a container that keeps the host's user namespace (docker run --privileged)",
    )
  }
  if (privilege.lockdown === "integrity" || privilege.lockdown === "confidentiality") {
    return parts(
      `the kernel is locked down (${privilege.lockdown})`,
      "lockdown, which Secure Boot turns on, forbids programs that read or change kernel memory",
      "turn Secure Boot off, or boot with lockdown=none, or use programs that read no kernel memory",
    )
  }
  if (privilege.seccomp) {
    return parts(
      "a seccomp filter forbids the system call",
      "container runtimes filter bpf(2) and perf_event_open(2) unless told otherwise",
      "start the container with --privileged, or with --security-opt seccomp=unconfined and the capabilities",
    )
  }
  return parts(
    errnoText(errno),
    "the process has the capabilities, so a security module (SELinux, AppArmor) or the kernel's configuration refuses it",
    "look for a denial in the kernel log: dmesg | tail",
  )
}

/** How a user gets capabilities. The command takes away what it does not name, so it names those that the process has, too. */
export function grantHint(needs: readonly Capability[], privilege: Privilege): string {
  const held = bpfCapabilities.filter(one => isEffective(privilege, one))
  const names = [...new Set([...needs, ...held])].map(capability => capability.toLowerCase()).join(",")
  return `run it with sudo, or give node the right once: sudo setcap ${names}+ep "$(command -v node)"`
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`
}
