import { INT_TYPES, type IntName, type IntType, type TypedefDecl } from "../../c/index.ts"

/**
 * Typedefs of kernel C that are the same in every kernel for 64-bit machines: answered without a look at BTF, and known
 * without one. `name…=type`, where the type is an integer or an earlier typedef.
 */
const TYPEDEFS =
  "bool=bool;__u8 u8 u_int8_t uint8_t unchar u_char=uchar;__s8 s8 int8_t=schar;" +
  "__u16 u16 u_int16_t uint16_t ushort u_short umode_t __kernel_sa_family_t=ushort;__s16 s16 int16_t=short;" +
  "__u32 u32 u_int32_t uint32_t uint u_int __kernel_dev_t __kernel_uid32_t __kernel_gid32_t gfp_t slab_flags_t fmode_t=uint;" +
  "__s32 s32 int32_t __kernel_pid_t clockid_t __kernel_clockid_t __kernel_timer_t=int;" +
  "__u64=ullong;__s64 __kernel_time64_t=llong;u64 uint64_t u_int64_t=__u64;s64 int64_t=__s64;" +
  "__kernel_ulong_t __kernel_size_t ulong u_long uintptr_t=ulong;__kernel_long_t __kernel_ssize_t intptr_t __kernel_ptrdiff_t=long;" +
  "__int128_t=int128;__uint128_t=uint128;" +
  "__be16 __le16 __sum16=__u16;__be32 __le32 __wsum=__u32;__be64 __le64=__u64;" +
  "size_t=__kernel_size_t;ssize_t=__kernel_ssize_t;ptrdiff_t=__kernel_ptrdiff_t;pid_t=__kernel_pid_t;" +
  "dev_t=__kernel_dev_t;sa_family_t=__kernel_sa_family_t;loff_t __kernel_loff_t=llong;ktime_t=s64;sector_t blkcnt_t=u64;" +
  "dma_addr_t phys_addr_t resource_size_t=u64;__poll_t=uint;wchar_t=int"

/**
 * Enumerators of the kernel's user interface, which never change their values: answered without a look at BTF. Lists that
 * begin at a number; `-` leaves one out.
 */
const ENUMERATORS: readonly (readonly [first: number, names: string])[] = [
  [0, "false true"],
  [0, "BPF_ANY BPF_NOEXIST BPF_EXIST"],
  [0, "XDP_ABORTED XDP_DROP XDP_PASS XDP_TX XDP_REDIRECT"],
  [0, "SK_DROP SK_PASS"],
  [
    1,
    "TCP_ESTABLISHED TCP_SYN_SENT TCP_SYN_RECV TCP_FIN_WAIT1 TCP_FIN_WAIT2 TCP_TIME_WAIT TCP_CLOSE TCP_CLOSE_WAIT " +
      "TCP_LAST_ACK TCP_LISTEN TCP_CLOSING TCP_NEW_SYN_RECV",
  ],
  [0, "TCP_CA_Open TCP_CA_Disorder TCP_CA_CWR TCP_CA_Recovery TCP_CA_Loss"],
  [1, "SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET SOCK_DCCP - - - SOCK_PACKET"],
]
const SINGLE =
  "IPPROTO_IP=0 IPPROTO_ICMP=1 IPPROTO_IGMP=2 IPPROTO_TCP=6 IPPROTO_UDP=17 IPPROTO_IPV6=41 IPPROTO_GRE=47 IPPROTO_ESP=50 " +
  "IPPROTO_AH=51 IPPROTO_SCTP=132 IPPROTO_RAW=255 IPPROTO_MPTCP=262 BPF_F_LOCK=4 BPF_F_NO_PREALLOC=1 " +
  "BPF_F_NO_COMMON_LRU=2 BPF_F_NUMA_NODE=4 BPF_F_RDONLY=8 BPF_F_WRONLY=16 BPF_F_STACK_BUILD_ID=32 BPF_F_ZERO_SEED=64 " +
  "BPF_F_RDONLY_PROG=128 BPF_F_WRONLY_PROG=256 BPF_F_CLONE=512 BPF_F_MMAPABLE=1024 BPF_F_INDEX_MASK=0xffffffff " +
  "BPF_F_CURRENT_CPU=0xffffffff BPF_F_CTXLEN_MASK=0xfffff00000000 BPF_F_SKIP_FIELD_MASK=0xff BPF_F_USER_STACK=256 " +
  "BPF_F_FAST_STACK_CMP=512 BPF_F_REUSE_STACKID=1024 BPF_F_USER_BUILD_ID=2048 BPF_F_RECOMPUTE_CSUM=1 " +
  "BPF_F_INVALIDATE_HASH=2 BPF_F_HDR_FIELD_MASK=15 BPF_F_PSEUDO_HDR=16 BPF_F_MARK_MANGLED_0=32 BPF_F_MARK_ENFORCE=64 " +
  "BPF_F_INGRESS=1 BPF_RB_NO_WAKEUP=1 BPF_RB_FORCE_WAKEUP=2 BPF_RB_AVAIL_DATA=0 BPF_RB_RING_SIZE=1 BPF_RB_CONS_POS=2 " +
  "BPF_RB_PROD_POS=3 BPF_LOCAL_STORAGE_GET_F_CREATE=1 BPF_SK_STORAGE_GET_F_CREATE=1"

let typedefs: Map<string, string> | undefined
const madeTypedefs = new Map<string, TypedefDecl>()
let enumerators: Map<string, number> | undefined

/** A typedef that every kernel has; undefined for any other name. */
export function wellKnownTypedef(name: string): TypedefDecl | undefined {
  const made = madeTypedefs.get(name)
  if (made !== undefined) return made
  typedefs ??= readTypedefs()
  const target = typedefs.get(name)
  if (target === undefined) return undefined
  const type: IntType | { kind: "typedef"; quals: number; decl: TypedefDecl } = Object.hasOwn(INT_TYPES, target)
    ? INT_TYPES[target as IntName]
    : { kind: "typedef", quals: 0, decl: wellKnownTypedef(target) as TypedefDecl }
  const decl: TypedefDecl = { kind: "typedefDecl", name, type, origin: "btf" }
  madeTypedefs.set(name, decl)
  return decl
}

/** Value of an enumerator that every kernel has. */
export function wellKnownEnumerator(name: string): number | undefined {
  enumerators ??= readEnumerators()
  return enumerators.get(name)
}

/** Names for "did you mean". */
export function wellKnownNames(): Iterable<string> {
  typedefs ??= readTypedefs()
  enumerators ??= readEnumerators()
  return [...typedefs.keys(), ...enumerators.keys()]
}

function readTypedefs(): Map<string, string> {
  const map = new Map<string, string>()
  for (const entry of TYPEDEFS.split(";")) {
    const [names, type] = entry.split("=")
    for (const name of names.split(" ")) map.set(name, type)
  }
  return map
}

function readEnumerators(): Map<string, number> {
  const map = new Map<string, number>()
  for (const [first, names] of ENUMERATORS) {
    for (const [i, name] of names.split(" ").entries()) if (name !== "-") map.set(name, first + i)
  }
  for (const entry of SINGLE.split(" ")) {
    const [name, value] = entry.split("=")
    map.set(name, Number(value))
  }
  return map
}
