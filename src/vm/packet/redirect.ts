import type { VmMap } from "../maps/map.ts"

/** Where a program sends its packet, by one of the `redirect` helpers. */
export interface Redirect {
  /** Number of the device, or the key in `map`. */
  readonly target: number
  readonly flags: number
  /** `neighbour`: the stack fills in the link header; `peer`: it comes in at the other end of the device. */
  readonly how: "device" | "neighbour" | "peer" | "map"
  /** The map that the target is looked up in. */
  readonly map?: VmMap
}
