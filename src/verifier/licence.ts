/** Licences that let a program use what the kernel shares under the GPL only. Source: include/linux/license.h. */
const COMPATIBLE = new Set([
  "GPL",
  "GPL v2",
  "GPL and additional rights",
  "Dual BSD/GPL",
  "Dual MIT/GPL",
  "Dual MPL/GPL",
])

/** Whether a program's licence is one that the kernel takes for compatible with its own; without one it is. */
export const isGplCompatible = (license = "GPL"): boolean => COMPATIBLE.has(license)
