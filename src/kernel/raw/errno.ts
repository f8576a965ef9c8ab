import { constants } from "node:os"
import { getSystemErrorMap } from "node:util"

/** Error numbers that are tested by name. They are the same on every processor skep runs on. */
export const EPERM = 1
export const ENOENT = 2
export const ESRCH = 3
export const EINTR = 4
export const EBADF = 9
export const EAGAIN = 11
export const ENOMEM = 12
export const EACCES = 13
export const EFAULT = 14
export const EBUSY = 16
export const EEXIST = 17
export const ENODEV = 19
export const EINVAL = 22
export const ENOSPC = 28
export const ENOSYS = 38
export const E2BIG = 7
export const EOPNOTSUPP = 95
export const EADDRNOTAVAIL = 99
/** The kernel's own "not supported", which has no place in errno.h but reaches user space from bpf(2). */
export const ENOTSUPP = 524

let names: Map<number, string> | undefined

/** `ENOENT` for 2; `errno 999` where there is no name. */
export function errnoName(errno: number): string {
  if (names === undefined) {
    names = new Map([
      [ENOTSUPP, "ENOTSUPP"],
      [EOPNOTSUPP, "EOPNOTSUPP"],
    ])
    // Some numbers have two names (EAGAIN and EWOULDBLOCK): the first one stays.
    for (const [name, value] of Object.entries(constants.errno)) if (!names.has(value)) names.set(value, name)
  }
  return names.get(errno) ?? `errno ${errno}`
}

/** `ENOENT (no such file or directory)`. */
export function errnoText(errno: number): string {
  const text = getSystemErrorMap().get(-errno)?.[1]
  return text === undefined ? errnoName(errno) : `${errnoName(errno)} (${text})`
}
