import { attachTypes } from "../../isa/index.ts"
import { sectionOfSockmapHook, type TargetOf } from "../../machine/index.ts"
import { meaningOfSection } from "../../object/index.ts"
import { linkCreate, progAttach, progDetach } from "../bpf/index.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { EBUSY } from "../raw/index.ts"
import { type Attacher, byLink } from "./attacher.ts"

/** Maps of sockets: by a link (Linux 6.10), or by BPF_PROG_ATTACH (Linux 4.14), which lasts as long as the map. */
export const sockmap: Attacher<TargetOf<"sockmap">> = {
  types: ["sk_skb", "sk_msg"],
  text: ({ map, hook }) => (hook === undefined ? map.name : `${map.name} ${hook}`),
  open({ map, hook }, { program, what }) {
    const said = hook === undefined ? program.spec.attachType : meaningOfSection(sectionOfSockmapHook(hook)).attachType
    const usual = program.type === "sk_msg" ? "sk_msg_verdict" : "sk_skb_stream_verdict"
    const attachType = attachTypes.number(said ?? usual) as number
    const link = linkCreate(program.fd, map.fd, attachType)
    if (link >= 0) return byLink("sockmap link", link)
    const attach = { targetFd: map.fd, programFd: program.fd, attachType }
    // Older kernels know no link of this kind, and say so in several ways.
    const result = link === -EBUSY ? link : progAttach(attach)
    if (result >= 0) return { method: "sockmap attachment", close: () => void progDetach(attach) }
    if (isPermission(-result)) throw permissionError(what, -result, ["CAP_BPF", "CAP_NET_ADMIN"])
    throw callFailed(what, -result, {
      hint: "a map of sockets has one program a place: stream_parser, stream_verdict or verdict, and msg",
    })
  },
}
