/** The functions behind system calls, of the kernel that the embedded machine stands for. */
export const syscallPrefix = (): string => "__x64_sys_"
export const syscallName = (name: string): string => `__x64_sys_${name}`
