import type { RouteTarget } from "../../machine/index.ts"
import { addEncapRoute, deleteEncapRoute, type EncapHook, type EncapRoute } from "../../netlink/index.ts"
import { keepUntilExit } from "../cleanup.ts"
import { parseAddress, parsePrefix } from "../network/address.ts"
import { changing, findDevice, undoing } from "../network/device.ts"
import { sys } from "../raw/index.ts"
import type { Attacher } from "./attacher.ts"

const MAIN_TABLE = 254
const HOOKS: Readonly<Record<string, EncapHook>> = { lwt_in: "in", lwt_out: "out", lwt_xmit: "xmit" }

/** A route of its own whose packets run the program: a lightweight tunnel (Linux 4.10). */
export const route: Attacher<RouteTarget> = {
  types: ["lwt_in", "lwt_out", "lwt_xmit"],
  text: ({ prefix, device }) => `${prefix} dev ${device}`,
  open({ prefix, device, via, table = MAIN_TABLE }, { program, what }) {
    const gateway = via === undefined ? undefined : parseAddress(via)
    const made: EncapRoute = { ...parsePrefix(prefix), index: findDevice(device).index, gateway, table }
    changing(what, () => addEncapRoute(sys(), made, HOOKS[program.type], program, what))
    return {
      method: "route",
      close: keepUntilExit(() => undoing(() => deleteEncapRoute(sys(), made, what))),
    }
  },
}
