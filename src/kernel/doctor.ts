import { existsSync, readdirSync } from "node:fs"
import { release } from "node:os"
import { SkepError } from "../base/index.ts"
import { aboutFeature, hasFeature } from "./featureList.ts"
import * as features from "./features.ts"
import {
  type Capability,
  grantHint,
  hasCapability,
  kernelAtLeast,
  OPEN_PERF,
  type Privilege,
  perfIsShut,
  permissionError,
  readHead,
  readNumber,
  readPrivilege,
  readText,
} from "./host/index.ts"
import { errnoText, sys } from "./raw/index.ts"
import { lookForTracefs, mounts, openTracefs } from "./tracefs.ts"

/** One thing that was looked at. */
export interface Finding {
  readonly what: string
  /** False when something that programs need is missing. */
  readonly ok: boolean
  readonly detail: string
  /** What to do about it; only where `ok` is false. */
  readonly remedy?: string
}

/** What this kernel and this user can do with BPF. Never throws: what cannot be found out is a finding. */
export function doctor(): Finding[] {
  const privilege = readPrivilege()
  const findings = [machine(), ...capabilities(privilege), ...kernelSettings(privilege), lockdown(privilege)]
  const ffi = nativeCalls()
  findings.push(ffi)
  if (ffi.ok) findings.push(...calls(privilege), ...probes(), ...laterFeatures())
  findings.push(...files())
  return findings
}

const good = (what: string, detail: string): Finding => ({ what, ok: true, detail })
const bad = (what: string, detail: string, remedy: string): Finding => ({ what, ok: false, detail, remedy })

function machine(): Finding {
  const what = "kernel"
  const detail = `${process.platform} ${release()} on ${process.arch}`
  if (process.platform !== "linux") return bad(what, detail, "programs load on Linux; everything else works here, too")
  return kernelAtLeast("4.18") ? good(what, detail) : bad(what, detail, "skep wants Linux 4.18 or newer")
}

const NEEDS: readonly [Capability, string][] = [
  ["CAP_BPF", "load programs"],
  ["CAP_PERFMON", "trace the kernel"],
  ["CAP_NET_ADMIN", "attach to the network"],
]

function capabilities(privilege: Privilege): Finding[] {
  return NEEDS.map(([capability, purpose]) => {
    if (!hasCapability(privilege, capability)) {
      return bad(capability, `missing: this process may not ${purpose}`, grantHint([capability], privilege))
    }
    if (!privilege.initialUserNamespace) {
      return bad(capability, "only inside a user namespace, where it does not count", "run outside the container")
    }
    return good(capability, `may ${purpose}`)
  })
}

function kernelSettings(privilege: Privilege): Finding[] {
  const unprivileged = privilege.unprivilegedBpfDisabled
  const paranoid = privilege.perfEventParanoid
  const kptr = readNumber("/proc/sys/kernel/kptr_restrict")
  const jit = readNumber("/proc/sys/net/core/bpf_jit_enable")
  const hidden = addressesHidden()
  return [
    good(
      "unprivileged BPF",
      unprivileged === undefined
        ? "not told"
        : unprivileged === 0
          ? "allowed"
          : `forbidden (${unprivileged}), as usual`,
    ),
    perfIsShut(privilege)
      ? bad(
          "perf_event_paranoid",
          `${paranoid}: perf events only with CAP_SYS_ADMIN`,
          `run with sudo, or: ${OPEN_PERF}`,
        )
      : good("perf_event_paranoid", paranoid === undefined ? "not told" : String(paranoid)),
    hidden
      ? bad(
          "kernel addresses",
          `hidden (kptr_restrict ${kptr})`,
          "run as root, or give node CAP_SYSLOG; names are found all the same",
        )
      : good("kernel addresses", `visible (kptr_restrict ${kptr})`),
    jit === 0
      ? bad("JIT compiler", "off: programs are interpreted", "sysctl net.core.bpf_jit_enable=1")
      : good("JIT compiler", jit === undefined ? "not told" : "on"),
  ]
}

/** The first lines of kallsyms tell: all addresses are zero, or none but the first are. */
function addressesHidden(): boolean {
  const lines = readHead("/proc/kallsyms").split("\n").slice(0, 50)
  return lines.every(line => /^(0+ |$)/.test(line))
}

function lockdown(privilege: Privilege): Finding {
  const what = "lockdown"
  if (privilege.lockdown === undefined) return good(what, "not in this kernel, or not told")
  if (privilege.lockdown === "none") return good(what, "none")
  const loss = privilege.lockdown === "integrity" ? "no writes to kernel memory" : "no reads of kernel memory"
  return bad(what, `${privilege.lockdown}: ${loss}`, "boot with lockdown=none, or turn Secure Boot off")
}

function nativeCalls(): Finding {
  try {
    sys()
    return good("system calls", "through koffi")
  } catch (error) {
    if (!(error instanceof SkepError)) throw error
    return bad("system calls", error.message, error.hint ?? "install skep again on this machine")
  }
}

function calls(privilege: Privilege): Finding[] {
  const answer = features.canBpf()
  if (answer < 0) {
    const why = permissionError("bpf(2)", -answer, ["CAP_BPF"], privilege)
    return [bad("bpf(2)", why.message, why.hint ?? "")]
  }
  const level = features.cpuLevel()
  return [
    good("bpf(2)", "works"),
    level === 0
      ? bad("instruction set", "no program can be loaded", "look at the other findings")
      : good("instruction set", `v${level}`),
    boundedLoops(privilege),
    byAnswer("ring buffer", features.canMap("ringbuf"), "use a perf buffer (BPF_PERF_OUTPUT), or Linux 5.8 or newer"),
  ]
}

function boundedLoops(privilege: Privilege): Finding {
  const what = "bounded loops"
  if (features.hasBoundedLoops()) return good(what, "yes")
  if (!kernelAtLeast("5.3")) return bad(what, "no", "unroll loops, or use Linux 5.3 or newer")
  return hasCapability(privilege, "CAP_PERFMON")
    ? bad(what, "refused", "look for a denial in the kernel log: dmesg | tail")
    : bad(what, "some are refused without CAP_PERFMON", grantHint(["CAP_PERFMON"], privilege))
}

function probes(): Finding[] {
  const tracing = "run as root, or give node CAP_BPF and CAP_PERFMON"
  return [
    byAnswer("tracepoint programs", features.canLoad("tracepoint"), tracing),
    byAnswer("raw tracepoints", features.canRawTracepoint(), tracing),
    kprobes(),
    uprobes(),
  ]
}

/** What programs can be made without; the remedy is a newer kernel, mostly. */
function laterFeatures(): Finding[] {
  return (["userRingbuf", "kprobeMulti", "uprobeMulti", "attachCookie", "link", "runStats"] as const).map(name => {
    const { what, since } = aboutFeature(name)
    if (hasFeature(name)) return good(what, "yes")
    const why = kernelAtLeast(since) ? "not in this kernel, or not with these rights" : `it came with Linux ${since}`
    return good(what, `no: ${why}`)
  })
}

function uprobes(): Finding {
  const what = "uprobes"
  const answer = features.canUprobe()
  if (answer === undefined)
    return bad(what, "the kernel has no uprobe PMU", "use Linux 4.17 or newer with CONFIG_UPROBE_EVENTS")
  if (answer >= 0) return good(what, "by perf PMU")
  if (features.canUprobeMulti()) return good(what, "by links; by perf PMU with CAP_SYS_ADMIN")
  return bad(what, errnoText(-answer), "run as root, or give node CAP_PERFMON; Linux 6.16 and newer want CAP_SYS_ADMIN")
}

function kprobes(): Finding {
  const what = "kprobes"
  const answer = features.canKprobe()
  if (answer !== undefined && answer >= 0) return good(what, "by perf PMU")
  if (features.hasKprobeEvents()) return good(what, "by kprobe_events")
  if (answer !== undefined) return bad(what, errnoText(-answer), "run as root, or give node CAP_PERFMON")
  return bad(what, "not in this kernel (CONFIG_KPROBES)", "use tracepoints, or boot a distribution's kernel")
}

function byAnswer(what: string, answer: number, remedy: string): Finding {
  return answer >= 0 ? good(what, "yes") : bad(what, errnoText(-answer), remedy)
}

function tracing(folder: string | undefined): Finding {
  const what = "tracing file system"
  if (folder !== undefined && canRead(`${folder}/events`)) return good(what, folder)
  const [mounted] = folder === undefined ? mounts("tracefs") : [folder]
  if (mounted === undefined) return bad(what, "not mounted", "as root: mount -t tracefs tracefs /sys/kernel/tracing")
  const detail = `${mounted}, which this user may not read: tracepoints need it`
  return bad(what, detail, `run with sudo, or once: ${openTracefs(mounted)}`)
}

function canRead(path: string): boolean {
  try {
    readdirSync(path)
    return true
  } catch {
    return false
  }
}

function files(): Finding[] {
  const tracefs = lookForTracefs()
  const bpffs = mounts("bpf")[0]
  const btf = existsSync("/sys/kernel/btf/vmlinux")
  const memlock = /^Max locked memory\s+(\S+)/m.exec(readText("/proc/self/limits") ?? "")?.[1]
  return [
    btf
      ? good("kernel types (BTF)", "/sys/kernel/btf/vmlinux")
      : bad(
          "kernel types (BTF)",
          "missing",
          "define the kernel structs you use, or use a kernel with CONFIG_DEBUG_INFO_BTF",
        ),
    tracing(tracefs),
    bpffs === undefined
      ? good("BPF file system", "not mounted; it is when something is pinned")
      : good("BPF file system", bpffs),
    kernelAtLeast("5.11") || memlock === "unlimited"
      ? good("locked memory", kernelAtLeast("5.11") ? "does not count for BPF" : "unlimited")
      : good("locked memory", `${memlock} bytes; the limit is lifted when it is in the way`),
  ]
}
