/** Numbers of errors that bpf(2) returns for a program. Source: include/uapi/asm-generic/errno-base.h, errno.h. */
export const EPERM = 1
export const ENOENT = 2
export const E2BIG = 7
export const EBADF = 9
export const EACCES = 13
export const EFAULT = 14
export const EINVAL = 22
export const EDOM = 33
export const ENOTSUPP = 524
export const EOPNOTSUPP = 95
export const EPROTO = 71
export const ERANGE = 34

/** Ends the walk: the program is refused. */
export class Refused extends Error {
  readonly errno: number
  /** The instruction; undefined for the one that the walk is at. */
  readonly slot: number | undefined
  /** The message stands in the log already, with more behind it. */
  readonly logged: boolean

  constructor(errno: number, message: string, slot?: number, logged = false) {
    super(message)
    this.errno = errno
    this.slot = slot
    this.logged = logged
  }
}
