import type { AttachSpec, ProgramSpec, ProgramType } from "./object.ts"

/** What a section's name says about the programs in it. */
export interface SectionMeaning {
  readonly type?: ProgramType
  readonly attach?: AttachSpec
}

/** Section names of program types that say no more than the type: the one to write first, others that are read. */
const PLAIN: readonly (readonly [type: ProgramType, names: string])[] = [
  ["socket_filter", "socket"],
  ["sched_cls", "tc classifier tcx/ingress tcx/egress"],
  ["sched_act", "action"],
  ["xdp", "xdp xdp.frags"],
  ["perf_event", "perf_event"],
  ["cgroup_skb", "cgroup/skb cgroup_skb/ingress cgroup_skb/egress"],
  ["cgroup_sock", "cgroup/sock cgroup/sock_create cgroup/sock_release cgroup/post_bind4 cgroup/post_bind6"],
  ["cgroup_sock_addr", "cgroup/bind4 cgroup/bind6 cgroup/connect4 cgroup/connect6 cgroup/sendmsg4 cgroup/sendmsg6"],
  ["lwt_in", "lwt_in"],
  ["lwt_out", "lwt_out"],
  ["lwt_xmit", "lwt_xmit"],
  ["lwt_seg6local", "lwt_seg6local"],
  ["sock_ops", "sockops"],
  ["sk_skb", "sk_skb sk_skb/stream_parser sk_skb/stream_verdict"],
  ["sk_msg", "sk_msg"],
  ["cgroup_device", "cgroup/dev"],
  ["lirc_mode2", "lirc_mode2"],
  ["sk_reuseport", "sk_reuseport sk_reuseport/migrate"],
  ["flow_dissector", "flow_dissector"],
  ["cgroup_sysctl", "cgroup/sysctl"],
  ["cgroup_sockopt", "cgroup/getsockopt cgroup/setsockopt"],
  ["sk_lookup", "sk_lookup"],
  ["syscall", "syscall"],
  ["netfilter", "netfilter"],
  ["kprobe", "kprobe uprobe"],
  ["tracepoint", "tracepoint tp"],
  ["raw_tracepoint", "raw_tp raw_tracepoint"],
  ["raw_tracepoint_writable", "raw_tp.w raw_tracepoint.w"],
  ["tracing", "fentry fexit fmod_ret iter tp_btf"],
  ["lsm", "lsm"],
  ["ext", "freplace"],
  ["struct_ops", "struct_ops"],
]

/** First words of section names that name what to attach to after a slash, and the type where attach does not say it. */
const PREFIXES: readonly (readonly [prefix: string, type: ProgramType])[] = [
  ["uprobe", "kprobe"],
  ["uretprobe", "kprobe"],
  ["usdt", "kprobe"],
  ["kprobe.multi", "kprobe"],
  ["kretprobe.multi", "kprobe"],
  ["raw_tp.w", "raw_tracepoint_writable"],
  ["raw_tracepoint.w", "raw_tracepoint_writable"],
  ["freplace", "ext"],
  ["struct_ops", "struct_ops"],
  ["xdp", "xdp"],
  ["xdp.frags", "xdp"],
]

/**
 * Reads a section name in libbpf's convention (`kprobe/do_sys_open`, `tp/sched/sched_switch`, `xdp`); a name of
 * another kind says nothing. `.s` (may sleep) is read and left out.
 */
export function meaningOfSection(section: string): SectionMeaning {
  for (const [type, names] of PLAIN) if (names.split(" ").includes(section)) return { type }
  const slash = section.indexOf("/")
  if (slash < 0) return {}
  const prefix = section.slice(0, slash)
  const rest = section.slice(slash + 1)
  const attach = rest === "" ? undefined : attachOf(prefix.replace(/\.s$/, ""), rest)
  if (attach !== undefined) return { type: typeOfAttach(attach), attach }
  const found = PREFIXES.find(([name]) => name === prefix.replace(/\.s$/, ""))
  return found === undefined ? {} : { type: found[1] }
}

function attachOf(prefix: string, rest: string): AttachSpec | undefined {
  switch (prefix) {
    case "kprobe":
    case "kretprobe":
      return { kind: prefix, event: rest }
    case "ksyscall":
      return { kind: "kprobe", event: rest, syscall: true }
    case "kretsyscall":
      return { kind: "kretprobe", event: rest, syscall: true }
    case "tracepoint":
    case "tp": {
      const slash = rest.indexOf("/")
      if (slash <= 0 || slash === rest.length - 1) return undefined
      return { kind: "tracepoint", category: rest.slice(0, slash), event: rest.slice(slash + 1) }
    }
    case "raw_tp":
    case "raw_tracepoint":
      return { kind: "raw_tracepoint", event: rest }
    case "fentry":
    case "fexit":
    case "fmod_ret": {
      const colon = rest.indexOf(":")
      if (colon < 0) return { kind: prefix, event: rest }
      return { kind: prefix, event: rest.slice(colon + 1), module: rest.slice(0, colon) }
    }
    case "lsm":
    case "iter":
    case "tp_btf":
      return { kind: prefix, event: rest }
  }
  return undefined
}

function typeOfAttach(attach: AttachSpec): ProgramType {
  switch (attach.kind) {
    case "kprobe":
    case "kretprobe":
      return "kprobe"
    case "fentry":
    case "fexit":
    case "fmod_ret":
    case "iter":
    case "tp_btf":
      return "tracing"
    default:
      return attach.kind
  }
}

/**
 * The section a program is written to: its own, when that says in libbpf's convention what the program is (or when
 * the program says nothing); otherwise the conventional one of its attachment or its type.
 */
export function sectionOfProgram(program: ProgramSpec): string {
  const { section, type, attach } = program
  const says = meaningOfSection(section)
  if (type === undefined && attach === undefined) return section
  if (attach === undefined) return says.type === type ? section : plainSection(type as ProgramType)
  const said = says.attach === undefined ? undefined : sectionOfAttach(says.attach)
  const wanted = sectionOfAttach(attach)
  if (type !== undefined && typeOfAttach(attach) !== type) return plainSection(type)
  return said === wanted ? section : wanted
}

const plainSection = (type: ProgramType): string => (PLAIN.find(([t]) => t === type)?.[1] ?? type).split(" ")[0]

function sectionOfAttach(attach: AttachSpec): string {
  switch (attach.kind) {
    case "kprobe":
      return `${attach.syscall ? "ksyscall" : "kprobe"}/${attach.event}`
    case "kretprobe":
      return `${attach.syscall ? "kretsyscall" : "kretprobe"}/${attach.event}`
    case "tracepoint":
      return `tracepoint/${attach.category}/${attach.event}`
    case "raw_tracepoint":
      return `raw_tp/${attach.event}`
    case "fentry":
    case "fexit":
    case "fmod_ret":
      return `${attach.kind}/${attach.module === undefined ? "" : `${attach.module}:`}${attach.event}`
    default:
      return `${attach.kind}/${attach.event}`
  }
}
