import { SkepError } from "../base/index.ts"

/** Offset of a member of a context, and its bytes. */
type Member = readonly [offset: number, bytes: 4 | 8]

/** Members of `struct __sk_buff` that a trial run takes. Source: include/uapi/linux/bpf.h; net/bpf/test_run.c. */
const SK_BUFF: Readonly<Record<string, Member>> = {
  mark: [8, 4],
  priority: [32, 4],
  ingress_ifindex: [36, 4],
  ifindex: [40, 4],
  cb0: [48, 4],
  cb1: [52, 4],
  cb2: [56, 4],
  cb3: [60, 4],
  cb4: [64, 4],
  tstamp: [152, 8],
  wire_len: [160, 4],
  gso_segs: [164, 4],
  gso_size: [176, 4],
  hwtstamp: [184, 8],
}
const SK_BUFF_BYTES = 192

/** `struct xdp_md`. */
const XDP_MD: Readonly<Record<string, Member>> = {
  data: [0, 4],
  data_end: [4, 4],
  data_meta: [8, 4],
  ingress_ifindex: [12, 4],
  rx_queue_index: [16, 4],
}
const XDP_MD_BYTES = 24

/** What a program's context says: bytes, members by name, or the arguments of a raw tracepoint. */
export type ContextInput = Uint8Array | Readonly<Record<string, number | bigint>> | readonly (number | bigint)[]

/** A context as bytes, for a type of program. @throws SkepError TEST_CONTEXT */
export function contextBytes(type: string, given: ContextInput): Uint8Array {
  if (given instanceof Uint8Array) return given
  if (Array.isArray(given)) {
    return new Uint8Array(BigUint64Array.from(given, value => BigInt.asUintN(64, BigInt(value))).buffer)
  }
  const [members, size] = type === "xdp" ? [XDP_MD, XDP_MD_BYTES] : [SK_BUFF, SK_BUFF_BYTES]
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  for (const [name, value] of Object.entries(given as Record<string, number | bigint>)) {
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    if (member === undefined) {
      throw new SkepError({
        code: "TEST_CONTEXT",
        message: `'${name}' of the context cannot be given to a program of type ${type}`,
        hint: `members that can be are ${Object.keys(members).join(", ")}; give other contexts as bytes`,
      })
    }
    if (member[1] === 8) view.setBigUint64(member[0], BigInt.asUintN(64, BigInt(value)), true)
    else view.setUint32(member[0], Number(BigInt.asUintN(32, BigInt(value))), true)
  }
  return bytes
}
