import assert from "node:assert/strict"
import { test } from "node:test"
import { EXPRESSIONS } from "../../tests/support/filterExpressions.ts"
import { Random } from "../../tests/support/random.ts"
import { SkepError } from "../base/index.ts"
import { compileFilter, disassembleClassic, formatNumbers, type LinkType, parseClassic, runClassic } from "./index.ts"
import { LINK_HEADERS } from "./pcap/link.ts"

/** Damages a text: pieces are taken out, doubled, exchanged for signs, or come from another text. */
function damaged(random: Random, text: string, other: string): string {
  let out = text
  for (let i = 0; i <= random.below(3); i++) {
    const at = random.below(out.length + 1)
    const length = random.below(8)
    const piece = random.pick([
      "",
      out.slice(at, at + 2 * length),
      random.pick([
        "(",
        ")",
        "[",
        "]",
        ":",
        "/",
        "!",
        "-",
        "\\",
        "&&",
        "0x",
        "99999999999",
        "::",
        "\u0000",
        "é",
        " or ",
        "not ",
      ]),
      other.slice(at, at + length),
    ])
    out = out.slice(0, at) + piece + out.slice(at + length)
  }
  return out
}

/** Does what is asked, or throws an error with a code of filters. */
function coded(what: () => void, text: string): void {
  try {
    what()
  } catch (error) {
    assert.ok(
      error instanceof SkepError && /^FILTER_/.test(error.code),
      `${JSON.stringify(text)}: ${(error as Error).stack}`,
    )
  }
}

test("damaged expressions become filters, or errors with a code", () => {
  const random = new Random(451)
  const links = Object.keys(LINK_HEADERS) as LinkType[]
  for (let i = 0; i < 6000; i++) {
    const text = damaged(random, random.pick(EXPRESSIONS), random.pick(EXPRESSIONS))
    coded(() => {
      const insns = compileFilter(text, { linkType: random.pick(links) })
      runClassic(insns, { data: Uint8Array.from({ length: random.below(80) }, () => random.below(256)) })
    }, text)
  }
})

test("damaged texts of filters become filters, or errors with a code", () => {
  const random = new Random(1984)
  const texts = EXPRESSIONS.filter((_, i) => i % 10 === 0).flatMap(text => {
    const insns = compileFilter(text)
    return [disassembleClassic(insns), formatNumbers(insns)]
  })
  for (let i = 0; i < 3000; i++) {
    const text = damaged(random, random.pick(texts), random.pick(texts))
    coded(() => runClassic(parseClassic(text), { data: new Uint8Array(60) }), text)
  }
})
