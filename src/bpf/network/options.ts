import type { DeviceName, NetfilterTarget, NetnsTarget, RouteTarget } from "../../machine/index.ts"
import type { NodeSocket } from "./descriptor.ts"

/** Which program runs for the packets of which socket. */
export interface SocketFilterOptions {
  /** Function of the program. */
  readonly fn: string
  /** A socket of Node (`net`, `dgram`, `http`), or a descriptor. */
  readonly socket: NodeSocket | number
}

/** Which program runs in which network namespace. */
export interface NetnsOptions extends Omit<NetnsTarget, "kind"> {
  /** Function of the program. */
  readonly fn: string
}

/** Which program runs at which hook of netfilter. */
export interface NetfilterOptions extends Omit<NetfilterTarget, "kind"> {
  /** Function of the program. */
  readonly fn: string
}

/** Which program runs for the packets of which route. */
export interface RouteOptions extends Omit<RouteTarget, "kind"> {
  /** Function of the program. */
  readonly fn: string
  /** Packets of the route that come in, that go out, or that go out when the link's header is being made; `xmit` without it. */
  readonly hook?: "in" | "out" | "xmit"
}

/** Which program runs on which device, and how. */
export interface AttachXdpOptions {
  /** Function of the program. */
  readonly fn: string
  /** The device, by name or by index. */
  readonly device: DeviceName
  /** Without it the kernel chooses. */
  readonly mode?: "native" | "generic" | "offload"
}
