import { SkepError } from "../base/index.ts"

/** An error of this room: a {@link SkepError} whose `errno` is what the kernel answered. */
export class NetlinkError extends SkepError {}

/** `errno` as the kernel gave it, and its own words (extended acknowledgement, Linux 4.12) where it had any. */
export function refused(what: string, errno: number, words: string | undefined): NetlinkError {
  return new NetlinkError({
    code: "NETLINK_REFUSED",
    message: `${what}: the kernel refuses it${words === undefined ? "" : `: ${words}`}`,
    why: `it answered with error ${errno}`,
    hint: "the network device, or a kernel module for it, may be missing; changing the network takes CAP_NET_ADMIN",
    errno,
  })
}
