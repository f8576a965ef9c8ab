/** Numbers of the ELF format, under its own names. Sources: System V ABI chapter 4; Linux elf.h; LLVM's BPF relocations. */

export const ELF_HEADER_SIZE = 64
export const SECTION_HEADER_SIZE = 64
export const SYMBOL_SIZE = 24
export const REL_SIZE = 16
export const RELA_SIZE = 24

export const ELFCLASS64 = 2
export const ELFDATA2LSB = 1
export const ELFDATA2MSB = 2
export const ET_REL = 1
export const EM_BPF = 247

export const SHT_NULL = 0
export const SHT_PROGBITS = 1
export const SHT_SYMTAB = 2
export const SHT_STRTAB = 3
export const SHT_RELA = 4
export const SHT_NOBITS = 8
export const SHT_REL = 9

export const SHF_WRITE = 1
export const SHF_ALLOC = 2
export const SHF_EXECINSTR = 4
export const SHF_MERGE = 0x10
export const SHF_STRINGS = 0x20
export const SHF_INFO_LINK = 0x40

export const SHN_UNDEF = 0
/** Section numbers from here on have other meanings. */
export const SHN_LORESERVE = 0xff00
export const SHN_ABS = 0xfff1
export const SHN_COMMON = 0xfff2
export const SHN_XINDEX = 0xffff

export const STB_LOCAL = 0
export const STB_GLOBAL = 1
export const STB_WEAK = 2

export const STT_NOTYPE = 0
export const STT_OBJECT = 1
export const STT_FUNC = 2
export const STT_SECTION = 3
export const STT_FILE = 4

export const STV_DEFAULT = 0
export const STV_HIDDEN = 2

/** The 64-bit immediate of an `lddw`. */
export const R_BPF_64_64 = 1
/** The 32-bit immediate of a call. */
export const R_BPF_64_ABS64 = 2
export const R_BPF_64_ABS32 = 3
export const R_BPF_64_32 = 10
