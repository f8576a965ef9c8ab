import type { SentPacket } from "../packet/network.ts"
import type { VmSocket } from "../packet/socket.ts"

/** What a program at a place of the network said about a packet. */
export interface ProgramVerdict {
  /** `xdp eth0`, `tc eth0 ingress`, `cgroup ingress`. */
  readonly place: string
  /** Name of the program. */
  readonly program: string
  /** As the kernel's constants call it, in lower case without the prefix: `pass`, `shot`, `redirect`. */
  readonly verdict: string
}

/** A packet that XDP and traffic control let through to this computer's own network stack. */
export interface DeliveredPacket {
  /** Number of the device that it came in by. */
  readonly device: number
  /** The frame as programs left it. */
  readonly data: Uint8Array
  /** `skb->mark`, as programs left it. */
  readonly mark: number
  /** The socket that takes it; undefined where there is none, and where it is for another hardware address. */
  readonly socket: VmSocket | undefined
}

/** What became of a packet. One that is neither in `sent` nor in `delivered` was dropped, by the program whose verdict is the last. */
export class Passage {
  /** What programs said, in the order in which they saw it, or copies of it. */
  readonly verdicts: ProgramVerdict[] = []
  /** Frames that left by devices. */
  readonly sent: SentPacket[] = []
  /** What came to this computer itself. */
  readonly delivered: DeliveredPacket[] = []
}
