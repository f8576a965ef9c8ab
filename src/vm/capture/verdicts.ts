/** What became of a packet, by what a program returned. */
export interface Verdict {
  /** As the kernel's constants call it, in lower case without the prefix: `pass`, `shot`. */
  readonly name: string
  /**
   * Where the packet goes: to the `next` program, to those of the next `kind` only, or it is `sent` away or `dropped`. What tc programs say with
   * TC_ACT_OK ends traffic control, and not the packet's way.
   */
  readonly goes: "next" | "kind" | "sent" | "dropped"
}

const verdict = (name: string, goes: Verdict["goes"]): Verdict => ({ name, goes })

/** XDP_ABORTED, … from 0 on. Source: include/uapi/linux/bpf.h, `enum xdp_action`. */
const XDP = [
  verdict("aborted", "dropped"),
  verdict("drop", "dropped"),
  verdict("pass", "next"),
  verdict("tx", "sent"),
  verdict("redirect", "sent"),
]

/** TC_ACT_OK, … from 0 on. Source: include/uapi/linux/pkt_cls.h. */
const TC = [
  verdict("ok", "kind"),
  verdict("reclassify", "kind"),
  verdict("shot", "dropped"),
  verdict("pipe", "next"),
  verdict("stolen", "dropped"),
  verdict("queued", "dropped"),
  verdict("repeat", "kind"),
  verdict("redirect", "sent"),
  verdict("trap", "dropped"),
]
/** TC_ACT_UNSPEC: the next program decides. */
const TC_UNSPEC = verdict("unspec", "next")

const DROP = verdict("drop", "dropped")
const PASS = verdict("pass", "next")

/** Kinds of programs by how their result is read. */
export type VerdictKind = "xdp" | "tc" | "filter" | "cgroup"

/** What a result of 32 bits means. One of a few objects, so that they can be counted by. */
export function verdictOf(kind: VerdictKind, result: number): Verdict {
  switch (kind) {
    case "xdp":
      return XDP[result] ?? XDP[0]
    case "tc":
      // What is no verdict is taken for TC_ACT_UNSPEC.
      return TC[result] ?? TC_UNSPEC
    case "filter":
      return result === 0 ? DROP : PASS
    case "cgroup":
      return (result & 1) === 0 ? DROP : PASS
  }
}

/** How a type of program gives its verdict; undefined for those that packets of a capture do not go through. */
export function verdictKind(type: string): VerdictKind | undefined {
  switch (type) {
    case "xdp":
      return "xdp"
    case "sched_cls":
    case "sched_act":
      return "tc"
    case "socket_filter":
      return "filter"
    case "cgroup_skb":
      return "cgroup"
    default:
      return undefined
  }
}
