import type { DeviceName, NetfilterTarget, NetnsTarget, RouteTarget } from "../../machine/index.ts"
import type { NodeSocket } from "./descriptor.ts"

export interface SocketFilterOptions {
  /** Function of the program. */
  readonly fn: string
  /** A socket of Node (`net`, `dgram`, `http`), or a descriptor. */
  readonly socket: NodeSocket | number
}

export interface NetnsOptions extends Omit<NetnsTarget, "kind"> {
  readonly fn: string
}

export interface NetfilterOptions extends Omit<NetfilterTarget, "kind"> {
  readonly fn: string
}

export interface RouteOptions extends Omit<RouteTarget, "kind"> {
  readonly fn: string
  /** Packets of the route that come in, that go out, or that go out when the link's header is being made; `xmit` without it. */
  readonly hook?: "in" | "out" | "xmit"
}

export interface AttachXdpOptions {
  readonly fn: string
  readonly device: DeviceName
  /** Without it the kernel chooses. */
  readonly mode?: "native" | "generic" | "offload"
}
