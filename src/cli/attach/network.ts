import { statSync } from "node:fs"
import { isIPv4 } from "node:net"
import type { BPF, CgroupHook, Link } from "../../bpf/index.ts"
import { UsageError } from "../command.ts"
import { oneOf, splitWord } from "./parts.ts"
import type { Place, Places } from "./places.ts"

const NETFILTER_HOOKS = ["prerouting", "input", "forward", "output", "postrouting"] as const

/** Kinds of places on the way of packets, and of sockets and control groups. */
export const networkPlaces: Places = {
  tc: {
    forms: [["tc:DEVICE[:ingress|egress]=FN", "at packets that come in (or go out) at a device"]],
    attach(bpf, event, fn) {
      const [device, direction = "ingress"] = splitWord(event, ["ingress", "egress"])
      return bpf.tc(device)[direction].attach(fn)
    },
  },
  xdp: {
    forms: [["xdp:DEVICE[:native|generic|offload]=FN", "at packets as a device's driver gets them"]],
    attach(bpf, event, fn) {
      const [device, mode] = splitWord(event, ["native", "generic", "offload"])
      return bpf.xdp(device).attach(fn, { mode })
    },
  },
  socket: {
    forms: [["socket:DEVICE=FN", "at packets of a device as a raw socket gets them"]],
    // The socket goes with the program.
    attach: (bpf, event, fn) => bpf.socket(event).attach(fn),
  },
  cgroup: {
    forms: [["cgroup:FOLDER[:HOOK]=FN", "for the processes of a control group: connect4, egress, sysctl, …"]],
    attach(bpf, event, fn) {
      const at = statSync(event, { throwIfNoEntry: false }) === undefined ? event.lastIndexOf(":") : -1
      if (at < 0) return bpf.cgroup(event).attach(fn)
      return bpf.cgroup(event.slice(0, at)).attach(fn, { hook: event.slice(at + 1) as CgroupHook })
    },
  },
  sockmap: {
    forms: [["sockmap:MAP[:HOOK]=FN", "for sockets of a map: stream_parser, stream_verdict, verdict, msg"]],
    attach(bpf, event, fn) {
      const [map, hook] = splitWord(event, ["stream_parser", "stream_verdict", "verdict", "msg"])
      return bpf.sockmap(map).attach(fn, { hook })
    },
  },
  netfilter: {
    forms: [["netfilter:ipv4|ipv6:HOOK[:PRIORITY]=FN", `at netfilter: ${NETFILTER_HOOKS.join(", ")}`]],
    attach(bpf, event, fn) {
      const [family, hook = "", priority = "0"] = event.split(":")
      if (!/^-?\d+$/.test(priority)) throw new UsageError(`'${priority}' is no priority of netfilter`, "it is a number")
      return bpf.attachNetfilter({
        fn,
        family: oneOf(family, ["ipv4", "ipv6"], "family of netfilter"),
        hook: oneOf(hook, NETFILTER_HOOKS, "hook of netfilter"),
        priority: Number(priority),
      })
    },
  },
  sk_lookup: inNamespace("sk_lookup", "chooses the sockets of a network namespace", (bpf, netns, fn) =>
    bpf.attachSkLookup({ fn, netns }),
  ),
  flow_dissector: inNamespace("flow_dissector", "takes packets apart in a network namespace", (bpf, netns, fn) =>
    bpf.attachFlowDissector({ fn, netns }),
  ),
  route: {
    forms: [["route:PREFIX:DEVICE[:in|out|xmit]=FN", "at packets of a route that is made for it: 10.1.0.0/16"]],
    attach(bpf, event, fn) {
      const [route, hook] = splitWord(event, ["in", "out", "xmit"])
      const at = route.lastIndexOf(":")
      const [prefix, device] = [route.slice(0, Math.max(at, 0)), route.slice(at + 1)]
      if (prefix === "" || device === "" || (!prefix.includes(":") && !isIPv4(prefix.split("/")[0]))) {
        throw new UsageError(`--attach 'route:${event}' names no route`, "it is route:10.1.0.0/16:eth0=FN")
      }
      return bpf.attachRoute({ fn, prefix, device, hook })
    },
  },
}

/** A network namespace by its path; `this` is that of skep itself. */
function inNamespace(
  kind: string,
  about: string,
  attach: (bpf: BPF, netns: string | undefined, fn: string) => Link,
): Place {
  return {
    forms: [[`${kind}:this=FN, ${kind}:NETNS=FN`, about]],
    attach: (bpf, event, fn) => attach(bpf, event === "this" ? undefined : event, fn),
  }
}
