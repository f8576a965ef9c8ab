import type {
  DeviceName,
  Direction,
  Network,
  NetworkDevice,
  PacketOptions,
  PacketReader,
  TcEntry,
  TcFilterName,
  XdpMode,
} from "../../machine/index.ts"
import { deleteFilter, ETH_P_ALL, listDevices, listFilters, setXdp } from "../../netlink/index.ts"
import { removeEmptyQdisc } from "../attach/tc.ts"
import { flagsOf } from "../attach/xdp.ts"
import { sys } from "../raw/index.ts"
import { changing, findDevice } from "./device.ts"
import { PacketSocket } from "./packetSocket.ts"
import { hasTcx, tcxPrograms } from "./tcx.ts"

/** The network namespace of the calling thread. */
export class KernelNetwork implements Network {
  devices(): readonly NetworkDevice[] {
    return listDevices(sys())
  }

  tc(device: DeviceName, direction: Direction): readonly TcEntry[] {
    const { index } = findDevice(device)
    const links = (hasTcx() ? tcxPrograms(index, direction) : []).map(({ id, name }): TcEntry => {
      return { method: "tcx", kind: "bpf", name, programId: id, prio: 0, handle: 0, protocol: ETH_P_ALL }
    })
    const filters = listFilters(sys(), index, direction).map((filter): TcEntry => {
      const { kind, programId, prio, handle, protocol } = filter
      return { method: "filter", kind, name: filter.name ?? "", programId, prio, handle, protocol }
    })
    return [...links, ...filters]
  }

  removeFilter(device: DeviceName, direction: Direction, { prio, handle, protocol }: TcFilterName): void {
    const { index, name } = findDevice(device)
    const what = `removing the filter of ${name} ${direction} with prio ${prio}, handle ${handle}`
    changing(what, () => {
      deleteFilter(sys(), { index, direction, prio, handle, protocol }, what)
      removeEmptyQdisc(index)
    })
  }

  removeXdp(device: DeviceName, mode?: XdpMode): void {
    const { index, name, xdp } = findDevice(device)
    const what = `removing the XDP program of ${name}`
    const there: readonly XdpMode[] =
      xdp === undefined ? [] : xdp.mode === "several" ? ["native", "generic", "offload"] : [xdp.mode]
    changing(what, () => {
      for (const each of mode === undefined ? there : [mode]) setXdp(sys(), index, -1, flagsOf(each), what)
    })
  }

  packets(options: PacketOptions = {}): PacketReader {
    return new PacketSocket(options)
  }
}
