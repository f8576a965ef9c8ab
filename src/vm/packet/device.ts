/** A network device as helpers see it. */
export interface Device {
  /** Its number (ifindex). */
  readonly index: number
  readonly name: string
  /** Hardware address, and the address for all. */
  readonly address: Uint8Array
  readonly broadcast: Uint8Array
  /** Bytes behind the link header at most. */
  readonly mtu: number
  /** False for devices without a link header (tunnels). */
  readonly hasLinkHeader: boolean
  /** Whether it passes packets on that are for others, of IPv4 and IPv6. */
  readonly forwards: boolean
  /** Number of the device at the other end of a cable. */
  readonly peer?: number
}

/** What is told of a device; the rest has values of its own. */
export type DeviceOptions = Pick<Device, "index"> & Partial<Device>

/** A device with what was not told filled in: Ethernet, with an MTU of 1500. */
export const makeDevice = (options: DeviceOptions): Device => ({
  name: `eth${options.index}`,
  address: Uint8Array.of(2, 0, 0, 0, 0, options.index & 255),
  broadcast: new Uint8Array(6).fill(0xff),
  mtu: 1500,
  hasLinkHeader: true,
  forwards: true,
  ...options,
})

/** The device that every computer has. */
export const LOOPBACK: Device = makeDevice({
  index: 1,
  name: "lo",
  address: new Uint8Array(6),
  broadcast: new Uint8Array(6),
  mtu: 65536,
  forwards: false,
})
