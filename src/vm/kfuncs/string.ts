import { KERNEL } from "../address.ts"
import type { Helper } from "../code.ts"
import { E2BIG, EFAULT, ENOENT, ERANGE } from "../errno.ts"
import type { Run } from "../run.ts"

/** Bytes of a string that are looked at. Source: XATTR_SIZE_MAX. */
const MOST = 65536

/** Ends a function of strings with an error. */
class Failed extends Error {
  readonly errno: number
  constructor(errno: number) {
    super("a string cannot be read")
    this.errno = errno
  }
}

/** The byte at a place of a string; who reads on finds its end, or fails. */
type Text = (index: number) => number

function textAt(run: Run, low: number, high: number): Text {
  if (high !== KERNEL) throw new Failed(ERANGE)
  const { memory } = run
  return index => {
    if (index >= MOST) throw new Failed(E2BIG)
    if (!memory.readable(low + index, 1)) throw new Failed(EFAULT)
    return memory.u8[low + index]
  }
}

/** A function of strings: a number, or −errno. */
const numbered =
  (body: Helper): Helper =>
  (run, ...words) => {
    try {
      return run.signed(body(run, ...words))
    } catch (error) {
      if (error instanceof Failed) return run.signed(-error.errno)
      throw error
    }
  }

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte)
const exact = (byte: number): number => byte

const compare = (fold: (byte: number) => number): Helper =>
  numbered((run, a, aHigh, b, bHigh) => {
    const [left, right] = [textAt(run, a, aHigh), textAt(run, b, bHigh)]
    for (let i = 0; ; i++) {
      const [x, y] = [fold(left(i)), fold(right(i))]
      if (x !== y) return x < y ? -1 : 1
      if (x === 0) return 0
    }
  })

/** Where a byte comes first within so many; −ENOENT where the string ends before. The zero byte can be looked for. */
function find(text: Text, byte: number, most: number): number {
  for (let i = 0; i < most; i++) {
    const at = text(i)
    if (at === byte) return i
    if (at === 0) break
  }
  return -ENOENT
}

function length(text: Text, most: number): number {
  for (let i = 0; i < most; i++) if (text(i) === 0) return i
  return most
}

/** Bytes from the beginning on that are in a set of bytes, or with `wanted` false are not. */
const span = (wanted: boolean): Helper =>
  numbered((run, a, aHigh, b, bHigh) => {
    const [text, set] = [textAt(run, a, aHigh), textAt(run, b, bHigh)]
    for (let i = 0; ; i++) {
      const byte = text(i)
      if (byte === 0 || find(set, byte, Number.POSITIVE_INFINITY) >= 0 !== wanted) return i
    }
  })

/** Where one string lies in the first bytes of another. */
function search(text: Text, part: Text, most: number): number {
  for (let i = 0; ; i++) {
    for (let j = 0; i + j <= most; j++) {
      const wanted = part(j)
      if (wanted === 0) return i
      if (i + j === most) return -ENOENT
      const byte = text(i + j)
      if (byte === 0) return -ENOENT
      if (byte !== wanted) break
    }
  }
}

/** Functions on strings (Linux 6.17). Source: kernel/bpf/helpers.c. */
export const stringKfuncs: Readonly<Record<string, Helper>> = {
  bpf_strcmp: compare(exact),
  /** Linux 6.18. */
  bpf_strcasecmp: compare(lower),
  bpf_strlen: numbered((run, text, high) => length(textAt(run, text, high), Number.POSITIVE_INFINITY)),
  bpf_strnlen: numbered((run, text, high, most, mostHigh) =>
    length(textAt(run, text, high), mostHigh === 0 ? most >>> 0 : Number.POSITIVE_INFINITY),
  ),
  bpf_strchr: numbered((run, text, high, byte) => find(textAt(run, text, high), byte & 255, Number.POSITIVE_INFINITY)),
  bpf_strnchr: numbered((run, text, high, most, mostHigh, byte) =>
    find(textAt(run, text, high), byte & 255, mostHigh === 0 ? most >>> 0 : Number.POSITIVE_INFINITY),
  ),
  bpf_strchrnul: numbered((run, low, high, byte) => {
    const text = textAt(run, low, high)
    const found = find(text, byte & 255, Number.POSITIVE_INFINITY)
    return found >= 0 ? found : length(text, Number.POSITIVE_INFINITY)
  }),
  bpf_strrchr: numbered((run, low, high, byte) => {
    const text = textAt(run, low, high)
    for (let i = length(text, Number.POSITIVE_INFINITY); i >= 0; i--) if (text(i) === (byte & 255)) return i
    return -ENOENT
  }),
  bpf_strspn: span(true),
  bpf_strcspn: span(false),
  bpf_strstr: numbered((run, a, aHigh, b, bHigh) =>
    search(textAt(run, a, aHigh), textAt(run, b, bHigh), Number.POSITIVE_INFINITY),
  ),
  bpf_strnstr: numbered((run, a, aHigh, b, bHigh, most, mostHigh) =>
    search(textAt(run, a, aHigh), textAt(run, b, bHigh), mostHigh === 0 ? most >>> 0 : Number.POSITIVE_INFINITY),
  ),
}
