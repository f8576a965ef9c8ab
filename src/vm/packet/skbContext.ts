/**
 * Offsets in `struct __sk_buff`, the context of programs on packets of the network stack. Source: include/uapi/linux/bpf.h.
 * Fields that only a program changes live in memory alone; those that follow from the packet are written whenever it changes.
 */
export const SKB_LEN = 0
export const SKB_PKT_TYPE = 4
export const SKB_MARK = 8
export const SKB_QUEUE_MAPPING = 12
export const SKB_PROTOCOL = 16
export const SKB_VLAN_PRESENT = 20
export const SKB_VLAN_TCI = 24
export const SKB_VLAN_PROTO = 28
export const SKB_PRIORITY = 32
export const SKB_INGRESS_IFINDEX = 36
export const SKB_IFINDEX = 40
export const SKB_TC_INDEX = 44
export const SKB_CB = 48
export const SKB_HASH = 68
export const SKB_TC_CLASSID = 72
export const SKB_DATA = 76
export const SKB_DATA_END = 80
export const SKB_NAPI_ID = 84
export const SKB_FAMILY = 88
export const SKB_REMOTE_IP4 = 92
export const SKB_LOCAL_IP4 = 96
export const SKB_REMOTE_IP6 = 100
export const SKB_LOCAL_IP6 = 116
export const SKB_REMOTE_PORT = 132
export const SKB_LOCAL_PORT = 136
export const SKB_DATA_META = 140
export const SKB_FLOW_KEYS = 144
export const SKB_TSTAMP = 152
export const SKB_WIRE_LEN = 160
export const SKB_GSO_SEGS = 164
export const SKB_SK = 168
export const SKB_GSO_SIZE = 176
export const SKB_TSTAMP_TYPE = 180
export const SKB_HWTSTAMP = 184
/** Bytes of the context. */
export const SKB_CONTEXT = 192
