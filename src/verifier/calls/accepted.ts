import type { Argument } from "../helpers/index.ts"
import { Flag, Kind } from "../reg.ts"

/** A kind of pointer with the flags that it must have. */
export interface Accepted {
  readonly kind: Kind
  readonly flags: number
}

const plain = (...kinds: Kind[]): Accepted[] => kinds.map(kind => ({ kind, flags: 0 }))

const MEMORY: readonly Accepted[] = [
  ...plain(Kind.stack, Kind.packet, Kind.packetMeta, Kind.mapKey, Kind.mapValue, Kind.mem),
  { kind: Kind.mem, flags: Flag.ringbuf },
  ...plain(Kind.buf),
  { kind: Kind.btf, flags: Flag.trusted },
  ...plain(Kind.ctx),
]
const STRUCTURE: readonly Accepted[] = [
  ...plain(Kind.btf),
  { kind: Kind.btf, flags: Flag.trusted },
  { kind: Kind.btf, flags: Flag.rcu },
]
const SOCKET = plain(Kind.sockCommon, Kind.socket, Kind.tcpSock, Kind.xdpSock)

/** What a register may hold for each kind of argument. */
export const ACCEPTED: Readonly<Record<Argument["kind"], readonly Accepted[]>> = {
  any: [],
  ctx: plain(Kind.ctx),
  map: plain(Kind.mapPtr),
  key: MEMORY,
  value: MEMORY,
  mem: MEMORY,
  size: plain(Kind.scalar),
  const0: plain(Kind.scalar),
  callback: plain(Kind.func),
  stack: plain(Kind.stack),
  string: plain(Kind.mapValue),
  timer: plain(Kind.mapValue),
  spin_lock: [...plain(Kind.mapValue), { kind: Kind.btf, flags: Flag.alloc }],
  kptr: [
    ...plain(Kind.mapValue),
    { kind: Kind.btf, flags: Flag.alloc },
    { kind: Kind.btf, flags: Flag.alloc | Flag.nonOwning },
    { kind: Kind.btf, flags: Flag.alloc | Flag.nonOwning | Flag.rcu },
  ],
  dynptr: plain(Kind.stack, Kind.dynptr),
  btf: STRUCTURE,
  sock_common: SOCKET,
  btf_sock: [...plain(Kind.sockCommon, Kind.socket, Kind.tcpSock, Kind.xdpSock), ...STRUCTURE],
  socket: plain(Kind.socket),
  record: [{ kind: Kind.mem, flags: Flag.ringbuf }],
  percpu: [
    { kind: Kind.btf, flags: Flag.percpu },
    { kind: Kind.btf, flags: Flag.percpu | Flag.rcu },
    { kind: Kind.btf, flags: Flag.percpu | Flag.trusted },
  ],
}
