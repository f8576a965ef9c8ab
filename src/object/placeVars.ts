import { Btf, placeVariables } from "../btf/index.ts"
import type { ElfFile, ElfSymbol } from "./elf.ts"

/**
 * A file's BTF with the places of variables filled in. Compilers leave sizes of sections and offsets of variables 0 in
 * BTF: they are those of the file's sections and symbols.
 */
export function readBtf(elf: ElfFile): Btf | undefined {
  const section = elf.section(".BTF")
  if (section === undefined || section.size === 0) return undefined
  const bytes = elf.data(section)
  const symbols = new Map<string, ElfSymbol>()
  for (const symbol of elf.symbols) if (symbol.name !== "") symbols.set(`${symbol.section} ${symbol.name}`, symbol)
  return Btf.parse(
    placeVariables(bytes, name => {
      const place = elf.section(name)
      if (place === undefined) return undefined
      return { size: place.size, offset: variable => symbols.get(`${place.index} ${variable}`)?.value }
    }),
  )
}
