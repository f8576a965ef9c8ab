/** Numbers of DWARF 5, under its own names. Source: the DWARF standard, chapter 7. */

export const TAG = {
  array_type: 0x01,
  enumeration_type: 0x04,
  formal_parameter: 0x05,
  lexical_block: 0x0b,
  compile_unit: 0x11,
  member: 0x0d,
  pointer_type: 0x0f,
  structure_type: 0x13,
  subroutine_type: 0x15,
  typedef: 0x16,
  union_type: 0x17,
  unspecified_parameters: 0x18,
  inlined_subroutine: 0x1d,
  subrange_type: 0x21,
  base_type: 0x24,
  const_type: 0x26,
  enumerator: 0x28,
  subprogram: 0x2e,
  variable: 0x34,
  volatile_type: 0x35,
  restrict_type: 0x37,
} as const

export const AT = {
  location: 0x02,
  name: 0x03,
  byte_size: 0x0b,
  bit_size: 0x0d,
  stmt_list: 0x10,
  low_pc: 0x11,
  high_pc: 0x12,
  language: 0x13,
  comp_dir: 0x1b,
  const_value: 0x1c,
  inline: 0x20,
  producer: 0x25,
  prototyped: 0x27,
  abstract_origin: 0x31,
  count: 0x37,
  data_member_location: 0x38,
  decl_column: 0x39,
  decl_file: 0x3a,
  decl_line: 0x3b,
  declaration: 0x3c,
  encoding: 0x3e,
  external: 0x3f,
  frame_base: 0x40,
  type: 0x49,
  ranges: 0x55,
  call_column: 0x57,
  call_file: 0x58,
  call_line: 0x59,
  data_bit_offset: 0x6b,
} as const

export const FORM = {
  addr: 0x01,
  data2: 0x05,
  data4: 0x06,
  string: 0x08,
  data1: 0x0b,
  sdata: 0x0d,
  strp: 0x0e,
  udata: 0x0f,
  ref4: 0x13,
  sec_offset: 0x17,
  exprloc: 0x18,
  flag_present: 0x19,
} as const

/** DW_ATE_… */
export const ENCODING = { boolean: 2, float: 4, signed: 5, signed_char: 6, unsigned: 7, unsigned_char: 8 } as const

/** DW_OP_…; register n is `reg0 + n`. */
export const OP = { consts: 0x11, reg0: 0x50, fbreg: 0x91, piece: 0x93, stack_value: 0x9f } as const

/** DW_INL_…: inlined, and not declared so. */
export const INLINED = 1

export const LANG_C11 = 0x1d
export const UT_COMPILE = 1
export const RLE_END = 0
export const RLE_OFFSET_PAIR = 4
export const RLE_BASE_ADDRESS = 5
export const RLE_START_LENGTH = 7
export const LLE_END = 0
export const LLE_OFFSET_PAIR = 4
export const LLE_BASE_ADDRESS = 6
export const LNCT_PATH = 1
export const LNCT_DIRECTORY_INDEX = 2
