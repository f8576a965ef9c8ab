import type { Token } from "../token.ts"

/** What the pragmas of a translation unit say, and its tokens without them. */
export interface PragmaTable {
  readonly tokens: readonly Token[]
  /** `#pragma unroll` and its like: what is asked of the loop that starts at a token. */
  readonly unroll: ReadonlyMap<number, "full" | number>
  /** `#pragma pack` in force from a token on, in order. */
  readonly pack: readonly { readonly from: number; readonly value: number | undefined }[]
  /** `#pragma clang attribute push (__attribute__((…)), …)` in force from a token on: names of attributes. */
  readonly attributes: readonly { readonly from: number; readonly names: readonly string[] }[]
}

/** Takes the pragmas out of a token list. Those that mean nothing here (`GCC diagnostic`, `once`, …) are dropped. */
export function scanPragmas(tokens: readonly Token[]): PragmaTable {
  const unroll = new Map<number, "full" | number>()
  const pack: { from: number; value: number | undefined }[] = []
  const attributes: { from: number; names: readonly string[] }[] = []
  if (!tokens.some(token => token.kind === "pragma")) return { tokens, unroll, pack, attributes }
  const packs: (number | undefined)[] = [undefined]
  const pushed: (readonly string[])[] = []
  const rest: Token[] = []
  for (const token of tokens) {
    if (token.kind !== "pragma") {
      rest.push(token)
      continue
    }
    const words: readonly string[] = token.text.match(/[A-Za-z_]\w*|\d+|[^\s\w]/g) ?? []
    const wish = unrollOf(words)
    if (wish !== undefined) unroll.set(rest.length, wish)
    else if (words[0] === "pack") {
      applyPack(words.slice(1), packs)
      pack.push({ from: rest.length, value: packs[packs.length - 1] })
    } else if (words[0] === "clang" && words[1] === "attribute") {
      if (words.includes("push")) pushed.push(attributeNames(words))
      else if (words.includes("pop")) pushed.pop()
      attributes.push({ from: rest.length, names: pushed.flat() })
    }
  }
  return { tokens: rest, unroll, pack, attributes }
}

/** The last entry that starts at or before a token. */
export function inForce<T extends { readonly from: number }>(list: readonly T[], pos: number): T | undefined {
  let found: T | undefined
  for (const entry of list) {
    if (entry.from > pos) break
    found = entry
  }
  return found
}

// unroll | unroll N | unroll(N) | nounroll | GCC unroll N | clang loop unroll(full|enable|disable) | clang loop unroll_count(N)
function unrollOf(words: readonly string[]): "full" | number | undefined {
  const at = words[0] === "GCC" ? 1 : words[0] === "clang" && words[1] === "loop" ? 2 : 0
  const word = words[at]
  if (word === "nounroll") return 1
  if (word !== "unroll" && !(at === 2 && word === "unroll_count")) return undefined
  const arg = words.slice(at + 1).find(w => w !== "(" && w !== ")")
  if (arg === "disable") return 1
  const count = arg === undefined ? Number.NaN : Number(arg)
  if (!Number.isInteger(count)) return "full"
  // GCC and clang take 0 and 1 as "do not unroll".
  return Math.max(count, 1)
}

// pack() | pack(n) | pack(push[, name][, n]) | pack(pop[, name][, n])
function applyPack(words: readonly string[], stack: (number | undefined)[]): void {
  const args = words.filter(w => w !== "(" && w !== ")" && w !== ",")
  const number = args.find(w => /^\d+$/.test(w))
  const value = number === undefined || number === "0" ? undefined : Number(number)
  if (args.includes("push")) {
    stack.push(number === undefined ? stack[stack.length - 1] : value)
  } else if (args.includes("pop")) {
    if (stack.length > 1) stack.pop()
    if (number !== undefined) stack[stack.length - 1] = value
  } else {
    stack[stack.length - 1] = value
  }
}

function attributeNames(words: readonly string[]): string[] {
  const at = words.findIndex(w => w === "__attribute__" || w === "__attribute")
  const names: string[] = []
  for (let i = at + 1; at >= 0 && i < words.length && words[i] !== "apply_to"; i++) {
    if (/^[A-Za-z_]/.test(words[i])) names.push(words[i].replace(/^__(.*)__$/, "$1"))
  }
  return names
}
