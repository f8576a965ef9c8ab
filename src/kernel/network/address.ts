import { SkepError } from "../../base/index.ts"

/** The bytes of an IP address, 4 or 16. Throws `KERNEL_BAD_ADDRESS`. */
export function parseAddress(text: string): Uint8Array {
  // Loaded here: a program that attaches to no address does without.
  const { isIPv4, isIPv6 } = process.getBuiltinModule("node:net")
  if (isIPv4(text)) return Uint8Array.from(text.split("."), Number)
  if (!isIPv6(text) || text.includes("%")) throw badAddress(text)
  // An IPv4 address at the end stands for the last two groups.
  const plain = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [a * 256 + Number(b), c * 256 + Number(d)].map(group => group.toString(16)).join(":"),
  )
  const [head, tail] = plain.split("::").map(part => part.split(":").filter(Boolean))
  const zeros = tail === undefined ? [] : Array(8 - head.length - tail.length).fill("0")
  const groups = [...head, ...zeros, ...(tail ?? [])].map(group => Number.parseInt(group, 16))
  return Uint8Array.from(groups.flatMap(group => [group >> 8, group & 255]))
}

/** Address and length of `10.1.0.0/16`; a whole address without a length. Throws `KERNEL_BAD_ADDRESS`. */
export function parsePrefix(text: string): { address: Uint8Array; prefix: number } {
  const [, base, length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [undefined, text, undefined]
  const address = parseAddress(base)
  const prefix = length === undefined ? address.length * 8 : Number(length)
  if (prefix > address.length * 8) throw badAddress(text)
  // The kernel refuses a network with bits behind its prefix.
  return { address: address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - 8 * i)))), prefix }
}

function badAddress(text: string): SkepError {
  return new SkepError({
    code: "KERNEL_BAD_ADDRESS",
    message: `'${text}' is no address`,
    hint: "for example 10.1.0.0/16, 192.0.2.1 or fd00::/64",
  })
}
