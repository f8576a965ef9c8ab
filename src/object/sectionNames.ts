/** Section of the subprograms. */
export const TEXT_SECTION = ".text"
/** Section, in BTF alone, of values of the kernel's configuration. */
export const KCONFIG_SECTION = ".kconfig"
/** Section of the variables of an arena. */
export const ARENA_SECTION = ".addr_space.1"
/** Sections of tables of operations: one that is in force while it is there, one that a link attaches; with `?`, those that are made when they are asked for. */
export const STRUCT_OPS_SECTIONS: readonly string[] = [
  ".struct_ops",
  ".struct_ops.link",
  "?.struct_ops",
  "?.struct_ops.link",
]

/** The section of a table of operations. */
export const structOpsSection = ({ link, autoload }: { readonly link: boolean; readonly autoload?: false }): string =>
  `${autoload === false ? "?" : ""}.struct_ops${link ? ".link" : ""}`

const DATA_PREFIXES = [".rodata", ".data", ".bss"]

/** True for the name of a section of global data. */
export function isData(section: string): boolean {
  return DATA_PREFIXES.some(prefix => section === prefix || section.startsWith(`${prefix}.`))
}

/** True for the name of a section of global data that programs only read. */
export function isReadOnly(section: string): boolean {
  return section === ".rodata" || section.startsWith(".rodata.")
}
