/** Places of a control group where programs run, by the names that stand behind `cgroup/` in libbpf's sections. */
export type CgroupHook =
  | "ingress"
  | "egress"
  | "sock_create"
  | "sock_release"
  | "post_bind4"
  | "post_bind6"
  | `${"bind" | "connect" | "sendmsg" | "recvmsg" | "getpeername" | "getsockname"}${4 | 6}`
  | `${"connect" | "sendmsg" | "recvmsg" | "getpeername" | "getsockname"}_unix`
  | "sysctl"
  | "getsockopt"
  | "setsockopt"
  | "device"
  | "sock_ops"

/** Places of a map of sockets. `stream_parser` and `stream_verdict` are for TCP, `verdict` is for every kind (Linux 5.13), `msg` for what is sent. */
export type SockmapHook = "stream_parser" | "stream_verdict" | "verdict" | "msg"

/** The section of libbpf's convention that stands for a hook of a control group: it tells a program's type and what it is loaded for. */
export function sectionOfHook(hook: CgroupHook): string {
  if (hook === "ingress" || hook === "egress") return `cgroup_skb/${hook}`
  if (hook === "sock_ops") return "sockops"
  return `cgroup/${hook === "device" ? "dev" : hook}`
}

/** The section that stands for a hook of a map of sockets. */
export const sectionOfSockmapHook = (hook: SockmapHook): string => (hook === "msg" ? "sk_msg" : `sk_skb/${hook}`)
