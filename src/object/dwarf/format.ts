/** Numbers of DWARF 5, under its own names. Source: the DWARF standard, chapter 7. */

export const TAG = {
  array_type: 0x01,
  enumeration_type: 0x04,
  formal_parameter: 0x05,
  compile_unit: 0x11,
  member: 0x0d,
  pointer_type: 0x0f,
  structure_type: 0x13,
  subroutine_type: 0x15,
  typedef: 0x16,
  union_type: 0x17,
  unspecified_parameters: 0x18,
  subrange_type: 0x21,
  base_type: 0x24,
  const_type: 0x26,
  enumerator: 0x28,
  subprogram: 0x2e,
  volatile_type: 0x35,
  restrict_type: 0x37,
} as const

export const AT = {
  name: 0x03,
  byte_size: 0x0b,
  bit_size: 0x0d,
  stmt_list: 0x10,
  low_pc: 0x11,
  high_pc: 0x12,
  language: 0x13,
  comp_dir: 0x1b,
  const_value: 0x1c,
  producer: 0x25,
  prototyped: 0x27,
  count: 0x37,
  data_member_location: 0x38,
  declaration: 0x3c,
  encoding: 0x3e,
  external: 0x3f,
  type: 0x49,
  ranges: 0x55,
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
  flag_present: 0x19,
} as const

/** DW_ATE_… */
export const ENCODING = { boolean: 2, float: 4, signed: 5, signed_char: 6, unsigned: 7, unsigned_char: 8 } as const

export const LANG_C11 = 0x1d
export const UT_COMPILE = 1
export const RLE_END = 0
export const RLE_START_LENGTH = 7
export const LNCT_PATH = 1
export const LNCT_DIRECTORY_INDEX = 2
