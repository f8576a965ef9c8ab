/**
 * The binary format of BTF (BPF Type Format), as Documentation/bpf/btf.rst of the kernel defines it.
 *
 *     section   header | type section | string section
 *     header    magic u16 = 0xeb9f, version u8 = 1, flags u8, hdr_len u32,
 *               type_off u32, type_len u32, str_off u32, str_len u32      (offsets count from the end of the header)
 *     type      name_off u32, info u32, size-or-type u32, then what the kind adds; every field is a 32-bit word
 *     info      kind_flag:1 | 0:2 | kind:5 | 0:8 | vlen:16                (high bit first)
 *
 * The type section has no index: ids count the types from 1, and 0 is `void`. Split BTF (a module's) continues the ids
 * and the string offsets of its base.
 */
export const BTF_MAGIC = 0xeb9f
export const BTF_VERSION = 1
export const BTF_HEADER_SIZE = 24
/** Bytes of a type before what its kind adds. */
export const BTF_TYPE_SIZE = 12
/** Most members, parameters, enumerators or variables a type can have: `vlen` has 16 bits. */
export const BTF_MAX_VLEN = 0xffff

/** `BTF_KIND_*` numbers. */
export const BTF_KIND = {
  void: 0,
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  func_proto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  decl_tag: 17,
  type_tag: 18,
  enum64: 19,
} as const

/** A kind by its `BTF_KIND_` name in lower case. */
export type BtfKind = keyof typeof BTF_KIND

/** Kind names by number. */
export const BTF_KIND_NAMES: readonly BtfKind[] = Object.keys(BTF_KIND) as BtfKind[]

/** Bits of the extra word of `BTF_KIND_INT`: encoding in bits 24–27, bit offset in 16–23, width in 0–7. */
export const BTF_INT_SIGNED = 1
export const BTF_INT_CHAR = 2
export const BTF_INT_BOOL = 4

/** `BTF_KIND_FUNC` and `BTF_KIND_VAR` linkage by number. */
export const BTF_LINKAGES = ["static", "global", "extern"] as const
export type BtfLinkage = (typeof BTF_LINKAGES)[number]
