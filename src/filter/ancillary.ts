/**
 * Loads from places that no packet has: Linux gives fields of the packet's metadata there, and bytes by the place of a
 * header. Source: Linux include/uapi/linux/filter.h.
 */

/** First place of metadata, as an unsigned constant: `SKF_AD_OFF` is -0x1000. */
export const SKF_AD_OFF = 0xffff_f000
/** Places from here count from the network header: `SKF_NET_OFF` is -0x100000. */
export const SKF_NET_OFF = 0xfff0_0000
/** Places from here count from the link header: `SKF_LL_OFF` is -0x200000. */
export const SKF_LL_OFF = 0xffe0_0000

/** Metadata that a filter can load, by its distance from {@link SKF_AD_OFF}. */
export const ANCILLARY = {
  /** Protocol of the link layer, an EtherType: `proto`. */
  protocol: 0,
  /** What the packet is to this host: to it 0, broadcast 1, multicast 2, to another 3, from it 4. */
  packetType: 4,
  /** Index of the device. */
  ifindex: 8,
  /** Place of a netlink attribute of type X, from the place A on; 0 when there is none. */
  netlinkAttribute: 12,
  /** The same inside of the attribute at A. */
  nestedAttribute: 16,
  /** The mark that netfilter or a socket gave. */
  mark: 20,
  /** Queue of the device. */
  queue: 24,
  /** ARPHRD_ type of the device. */
  hardwareType: 28,
  /** Hash over addresses and ports. */
  hash: 32,
  /** The CPU that runs the filter. */
  cpu: 36,
  /** A xor X. */
  xor: 40,
  /** VLAN tag that the device took out of the packet: id and priority. */
  vlanTag: 44,
  /** 1 when there is such a tag. */
  vlanPresent: 48,
  /** Place of the transport layer's payload. */
  payloadOffset: 52,
  random: 56,
  /** EtherType of the tag that was taken out. */
  vlanProtocol: 60,
} as const

/** A field of the packet's metadata. */
export type AncillaryField = keyof typeof ANCILLARY

const BY_OFFSET = new Map<number, AncillaryField>(
  (Object.entries(ANCILLARY) as [AncillaryField, number][]).map(([field, offset]) => [offset, field]),
)

/** The field that an absolute load with the constant `k` loads; undefined when it loads packet bytes. */
export function ancillaryField(k: number): AncillaryField | undefined {
  return k >= SKF_AD_OFF ? BY_OFFSET.get(k - SKF_AD_OFF) : undefined
}

/** Names of fields in text, as tcpdump writes them. */
export const ANCILLARY_NAMES: Readonly<Record<AncillaryField, string>> = {
  protocol: "proto",
  packetType: "type",
  ifindex: "ifidx",
  netlinkAttribute: "nla",
  nestedAttribute: "nlan",
  mark: "mark",
  queue: "queue",
  hardwareType: "hatype",
  hash: "rxhash",
  cpu: "cpu",
  xor: "xor_x",
  vlanTag: "vlan_tci",
  vlanPresent: "vlan_avail",
  payloadOffset: "payload",
  random: "random",
  vlanProtocol: "vlan_tpid",
}
