import type { CapturedPacket, CaptureInterface } from "./packet.ts"
import type { Window } from "./window.ts"

/** How files of one kind are taken apart. */
export interface CaptureFormat {
  readonly name: "pcap" | "pcapng"
  /** Interfaces that were described so far. */
  readonly interfaces: readonly CaptureInterface[]
  /**
   * Looks at the record at the window's place: its size in bytes, or 0 where more of the file is needed. Fills `packet` where it is one,
   * and sets `packet.captured` to -1 where it is not.
   */
  record(window: Window, packet: CapturedPacket): number
}
