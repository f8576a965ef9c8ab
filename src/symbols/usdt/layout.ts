import type { UsdtLocation } from "./probes.ts"

/**
 * What tells apart how the arguments of two places are read: the note's text, and for arguments beside a symbol its distance from the
 * probe, which is the same wherever the file is mapped.
 */
export function layoutOf(location: UsdtLocation): string {
  const distances = [...location.symbols].map(([name, address]) => ` ${name}=${address - location.address}`)
  return location.text + distances.join("")
}
