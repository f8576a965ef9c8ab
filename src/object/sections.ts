import { attachTypes, progTypes } from "../isa/index.ts"
import type { AttachSpec, LoadSpec, ProgramSpec, ProgramType } from "./object.ts"

/** What a section's name says about the programs in it. */
export interface SectionMeaning extends LoadSpec {
  readonly type?: ProgramType
  readonly attach?: AttachSpec
}

/**
 * libbpf's section names: of each program type, what it is loaded for, and the names. The first name of a type is the
 * one to write. `+`: a slash and what to attach to may follow. `*`: so may `.s` before that, for a program that may
 * sleep.
 */
const SECTIONS: readonly (readonly [type: ProgramType, attachType: string, names: string])[] = [
  ["socket_filter", "", "socket"],
  ["sk_reuseport", "sk_reuseport_select", "sk_reuseport"],
  ["sk_reuseport", "sk_reuseport_select_or_migrate", "sk_reuseport/migrate"],
  ["kprobe", "", "kprobe+ kretprobe+ uprobe+* uretprobe+* ksyscall+ kretsyscall+ usdt+*"],
  ["kprobe", "trace_kprobe_multi", "kprobe.multi+ kretprobe.multi+"],
  ["kprobe", "trace_kprobe_session", "kprobe.session+"],
  ["kprobe", "trace_uprobe_multi", "uprobe.multi+* uretprobe.multi+*"],
  ["kprobe", "trace_uprobe_session", "uprobe.session+*"],
  ["sched_cls", "", "tc classifier"],
  ["sched_cls", "tcx_ingress", "tcx/ingress tc/ingress"],
  ["sched_cls", "tcx_egress", "tcx/egress tc/egress"],
  ["sched_cls", "netkit_primary", "netkit/primary"],
  ["sched_cls", "netkit_peer", "netkit/peer"],
  ["sched_act", "", "action"],
  ["tracepoint", "", "tracepoint+ tp+"],
  ["raw_tracepoint", "", "raw_tp+ raw_tracepoint+"],
  ["raw_tracepoint_writable", "", "raw_tp.w+ raw_tracepoint.w+"],
  ["tracing", "trace_fentry", "fentry+*"],
  ["tracing", "trace_fexit", "fexit+*"],
  ["tracing", "modify_return", "fmod_ret+*"],
  ["tracing", "trace_raw_tp", "tp_btf+"],
  ["tracing", "trace_iter", "iter+*"],
  ["ext", "", "freplace+"],
  ["lsm", "lsm_mac", "lsm+*"],
  ["lsm", "lsm_cgroup", "lsm_cgroup+"],
  ["syscall", "", "syscall"],
  ["xdp", "xdp", "xdp xdp.frags"],
  ["xdp", "xdp_devmap", "xdp/devmap xdp.frags/devmap xdp_devmap"],
  ["xdp", "xdp_cpumap", "xdp/cpumap xdp.frags/cpumap xdp_cpumap"],
  ["perf_event", "", "perf_event"],
  ["lwt_in", "", "lwt_in"],
  ["lwt_out", "", "lwt_out"],
  ["lwt_xmit", "", "lwt_xmit"],
  ["lwt_seg6local", "", "lwt_seg6local"],
  ["sock_ops", "cgroup_sock_ops", "sockops"],
  ["sk_skb", "", "sk_skb"],
  ["sk_skb", "sk_skb_stream_parser", "sk_skb/stream_parser"],
  ["sk_skb", "sk_skb_stream_verdict", "sk_skb/stream_verdict"],
  ["sk_skb", "sk_skb_verdict", "sk_skb/verdict"],
  ["sk_msg", "sk_msg_verdict", "sk_msg"],
  ["lirc_mode2", "lirc_mode2", "lirc_mode2"],
  ["flow_dissector", "flow_dissector", "flow_dissector"],
  ["cgroup_skb", "", "cgroup/skb"],
  ["cgroup_skb", "cgroup_inet_ingress", "cgroup_skb/ingress"],
  ["cgroup_skb", "cgroup_inet_egress", "cgroup_skb/egress"],
  ["cgroup_sock", "cgroup_inet_sock_create", "cgroup/sock cgroup/sock_create"],
  ["cgroup_sock", "cgroup_inet_sock_release", "cgroup/sock_release"],
  ["cgroup_sock", "cgroup_inet4_post_bind", "cgroup/post_bind4"],
  ["cgroup_sock", "cgroup_inet6_post_bind", "cgroup/post_bind6"],
  ["cgroup_sock_addr", "cgroup_inet4_bind", "cgroup/bind4"],
  ["cgroup_sock_addr", "cgroup_inet6_bind", "cgroup/bind6"],
  ["cgroup_sock_addr", "cgroup_inet4_connect", "cgroup/connect4"],
  ["cgroup_sock_addr", "cgroup_inet6_connect", "cgroup/connect6"],
  ["cgroup_sock_addr", "cgroup_unix_connect", "cgroup/connect_unix"],
  ["cgroup_sock_addr", "cgroup_udp4_sendmsg", "cgroup/sendmsg4"],
  ["cgroup_sock_addr", "cgroup_udp6_sendmsg", "cgroup/sendmsg6"],
  ["cgroup_sock_addr", "cgroup_unix_sendmsg", "cgroup/sendmsg_unix"],
  ["cgroup_sock_addr", "cgroup_udp4_recvmsg", "cgroup/recvmsg4"],
  ["cgroup_sock_addr", "cgroup_udp6_recvmsg", "cgroup/recvmsg6"],
  ["cgroup_sock_addr", "cgroup_unix_recvmsg", "cgroup/recvmsg_unix"],
  ["cgroup_sock_addr", "cgroup_inet4_getpeername", "cgroup/getpeername4"],
  ["cgroup_sock_addr", "cgroup_inet6_getpeername", "cgroup/getpeername6"],
  ["cgroup_sock_addr", "cgroup_unix_getpeername", "cgroup/getpeername_unix"],
  ["cgroup_sock_addr", "cgroup_inet4_getsockname", "cgroup/getsockname4"],
  ["cgroup_sock_addr", "cgroup_inet6_getsockname", "cgroup/getsockname6"],
  ["cgroup_sock_addr", "cgroup_unix_getsockname", "cgroup/getsockname_unix"],
  ["cgroup_sysctl", "cgroup_sysctl", "cgroup/sysctl"],
  ["cgroup_sockopt", "cgroup_getsockopt", "cgroup/getsockopt"],
  ["cgroup_sockopt", "cgroup_setsockopt", "cgroup/setsockopt"],
  ["cgroup_device", "cgroup_device", "cgroup/dev"],
  ["struct_ops", "", "struct_ops+*"],
  ["sk_lookup", "sk_lookup", "sk_lookup"],
  ["netfilter", "netfilter", "netfilter"],
]

interface Row {
  readonly type: ProgramType
  readonly attachType: string
  readonly maySleep: boolean
  /** Something may follow. */
  readonly open: boolean
}

/** Rows by name without the marks. */
const ROWS = new Map<string, Row>()
/** The name to write for each type. */
const NAMES = new Map<ProgramType, string>()
for (const [type, attachType, names] of SECTIONS) {
  for (const marked of names.split(" ")) {
    const name = marked.replace(/[+*]/g, "")
    ROWS.set(name, { type, attachType, maySleep: marked.includes("*"), open: marked.includes("+") })
    if (!NAMES.has(type)) NAMES.set(type, name)
  }
}

/**
 * Reads a section name in libbpf's convention; a name of another kind says nothing.
 *
 *     kprobe/do_sys_open     a kprobe program, to be attached to do_sys_open
 *     fentry.s/vfs_read      a tracing program, loaded for an entry of vfs_read, that may sleep
 *     ?xdp.frags             an XDP program that takes fragments, and is loaded when it is asked for
 */
export function meaningOfSection(name: string): SectionMeaning {
  const section = name.replace(/^\?/, "")
  const slash = section.indexOf("/")
  const prefix = slash < 0 ? section : section.slice(0, slash)
  const rest = slash < 0 ? "" : section.slice(slash + 1)
  const awake = prefix.replace(/\.s$/, "")
  const exact = ROWS.get(section)
  const open = ROWS.get(awake)
  const row = exact ?? (open?.open && (open.maySleep || awake === prefix) ? open : undefined)
  if (row === undefined) return {}
  const attach = rest === "" || exact !== undefined ? undefined : attachOf(awake, rest)
  if (row.type === "tracepoint" && rest !== "" && attach === undefined) return {}
  return {
    type: row.type,
    ...(attach !== undefined && { attach }),
    ...(row.attachType !== "" && { attachType: row.attachType }),
    // Programs that a process calls may sleep; the kernel wants it said.
    ...((exact === undefined ? awake !== prefix : row.type === "syscall") && { sleepable: true }),
    ...(row.type === "xdp" && prefix === "xdp.frags" && { frags: true }),
    ...(name.startsWith("?") && { autoload: false }),
  }
}

/** The first kernel version that takes programs of a section; undefined for a section that says nothing. */
export function sectionSince(section: string): string | undefined {
  const { type, attachType } = meaningOfSection(section)
  const versions = [type && progTypes.since(type), attachType && attachTypes.since(attachType)].filter(v => v)
  const order = (v: string): number => v.split(".").reduce((n, part) => n * 1000 + Number(part), 0)
  return (versions as string[]).sort((a, b) => order(b) - order(a))[0]
}

function attachOf(prefix: string, rest: string): AttachSpec | undefined {
  switch (prefix) {
    case "kprobe":
    case "kretprobe": {
      const [, event, offset] = /^(.+?)\+(0x[\da-f]+|\d+)$/i.exec(rest) ?? ["", rest, "0"]
      return { kind: prefix, event, ...(Number(offset) > 0 && { offset: Number(offset) }) }
    }
    case "kprobe.multi":
      return { kind: "kprobe_multi", event: rest }
    case "kretprobe.multi":
      return { kind: "kretprobe_multi", event: rest }
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
    case "uprobe":
    case "uretprobe":
    case "uprobe.multi":
    case "uretprobe.multi":
      return uprobeOf(prefix.startsWith("uret") ? "uretprobe" : "uprobe", rest)
    case "usdt": {
      const found = /^(.+):([^:]+):([^:]+)$/.exec(rest)
      return found === null ? undefined : { kind: "usdt", path: found[1], provider: found[2], event: found[3] }
    }
    case "fentry":
    case "fexit":
    case "fmod_ret": {
      const colon = rest.indexOf(":")
      if (colon < 0) return { kind: prefix, event: rest }
      return { kind: prefix, event: rest.slice(colon + 1), module: rest.slice(0, colon) }
    }
    case "lsm":
    case "lsm_cgroup":
    case "freplace":
    case "iter":
    case "tp_btf":
      return { kind: prefix, event: rest }
  }
  return undefined
}

/** `PATH:FUNCTION[+OFFSET]`; the path may have slashes, and a function's name none of the two marks. */
function uprobeOf(kind: "uprobe" | "uretprobe", rest: string): AttachSpec | undefined {
  const found = /^(.+):([^:+]+)(?:\+(0x[0-9a-f]+|\d+))?$/i.exec(rest)
  if (found === null) return undefined
  const [, path, event, offset] = found
  return { kind, path, event, ...(offset !== undefined && { offset: Number(offset) }) }
}

function typeOfAttach(attach: AttachSpec): ProgramType {
  switch (attach.kind) {
    case "kprobe":
    case "kretprobe":
    case "uprobe":
    case "uretprobe":
    case "usdt":
    case "kprobe_multi":
    case "kretprobe_multi":
      return "kprobe"
    case "fentry":
    case "fexit":
    case "fmod_ret":
    case "iter":
    case "tp_btf":
      return "tracing"
    case "lsm_cgroup":
      return "lsm"
    case "freplace":
      return "ext"
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

const plainSection = (type: ProgramType): string => NAMES.get(type) ?? type

function sectionOfAttach(attach: AttachSpec): string {
  switch (attach.kind) {
    case "kprobe":
      return `${attach.syscall ? "ksyscall" : "kprobe"}/${attach.event}${attach.offset ? `+${attach.offset}` : ""}`
    case "kretprobe":
      return `${attach.syscall ? "kretsyscall" : "kretprobe"}/${attach.event}`
    case "kprobe_multi":
    case "kretprobe_multi":
      return `${attach.kind.replace("_", ".")}/${attach.event}`
    case "tracepoint":
      return `tracepoint/${attach.category}/${attach.event}`
    case "raw_tracepoint":
      return `raw_tp/${attach.event}`
    case "uprobe":
    case "uretprobe":
      return `${attach.kind}/${attach.path}:${attach.event}${attach.offset ? `+${attach.offset}` : ""}`
    case "usdt":
      return `usdt/${attach.path}:${attach.provider}:${attach.event}`
    case "fentry":
    case "fexit":
    case "fmod_ret":
      return `${attach.kind}/${attach.module === undefined ? "" : `${attach.module}:`}${attach.event}`
    default:
      return `${attach.kind}/${attach.event}`
  }
}
