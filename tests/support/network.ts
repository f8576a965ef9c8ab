import { sys } from "../../src/kernel/index.ts"
import { ifinfo, listDevices, NLM_F_CREATE, NLM_F_EXCL, nested, text, withNetlink } from "../../src/netlink/index.ts"

/** Indexes of loopback and of the two ends of a cable. */
export interface OwnNetwork {
  readonly lo: number
  readonly veth0: number
  readonly veth1: number
}

const UNSHARE = process.arch === "x64" ? 272 : 97
const CLONE_NEWNET = 0x4000_0000
const RTM_NEWLINK = 16
const IFLA_IFNAME = 3
const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const VETH_INFO_PEER = 1
const IFF_UP = 1

/**
 * Moves this test file's process to a network namespace of its own, with `lo` and the cable from `veth0` to `veth1`, all started. The
 * namespace ends with the process. Every test file has a process to itself.
 */
export function ownNetwork(): OwnNetwork {
  const calls = sys()
  const result = calls.call(UNSHARE, CLONE_NEWNET)
  if (result < 0) throw new Error(`unshare: ${result}`)
  // The peer's attributes stand behind a `struct ifinfomsg` of their own.
  const name = new TextEncoder().encode("veth1\0")
  const peer = Uint8Array.of(...ifinfo(0), 4 + name.length, 0, IFLA_IFNAME, 0, ...name)
  const data = nested(IFLA_INFO_DATA, { type: VETH_INFO_PEER, value: peer })
  const attributes = [text(IFLA_IFNAME, "veth0"), nested(IFLA_LINKINFO, text(IFLA_INFO_KIND, "veth"), data)]
  withNetlink(calls, ask => {
    ask({ type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, header: ifinfo(0), attributes }, "making veth0")
    for (const { index } of listDevices(calls)) {
      ask({ type: RTM_NEWLINK, flags: 0, header: ifinfo(index, IFF_UP, IFF_UP), attributes: [] }, "starting a device")
    }
  })
  const index = (name: string): number => listDevices(calls).find(device => device.name === name)?.index ?? 0
  return { lo: index("lo"), veth0: index("veth0"), veth1: index("veth1") }
}
