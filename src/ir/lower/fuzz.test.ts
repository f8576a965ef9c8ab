import assert from "node:assert/strict"
import { test } from "node:test"
import { oracleFunctions } from "../../../tests/oracle/functions.ts"
import { oracleText } from "../../../tests/oracle/native.ts"
import { Random } from "../../../tests/oracle/random.ts"
import { unitOf } from "../../../tests/support/lowerC.ts"
import { SkepError } from "../../base/index.ts"
import type { BpfUnit } from "../../bcc/index.ts"
import { checkModule } from "../check.ts"
import { lower } from "./lower.ts"

const texts = oracleFunctions.map(f => oracleText(f, "oracle"))
const token = /[A-Za-z_]\w*|\d\w*|"[^"]*"|'[^']*'|\.\.\.|<<=|>>=|[-+*/%&|^=!<>]=|<<|>>|&&|\|\||\+\+|--|->|\S/g
const split = (text: string): string[] => text.match(token) ?? []
/** Words of the common prelude, which stay as they are. */
const PRELUDE = 80

/** Words that may stand for each other. */
const classOf = (word: string): string =>
  /^[A-Za-z_]/.test(word) ? "name" : /^\d/.test(word) ? "number" : word.length > 1 ? "long" : word

/** A text of the oracle with a few words exchanged for others of their kind out of the same text, or left out. */
function mutated(random: Random): string {
  const tokens = split(random.pick(texts))
  for (let n = 1 + random.below(4); n > 0; n--) {
    const at = PRELUDE + random.below(tokens.length - PRELUDE)
    const alike = tokens.slice(PRELUDE).filter(word => classOf(word) === classOf(tokens[at]))
    tokens[at] = random.chance(5)
      ? ""
      : random.pick(["+", "-", "*", "&", "<"].includes(tokens[at]) ? ["+", "-", "*", "&", "|", "<"] : alike)
  }
  return tokens.join(" ")
}

function parsed(text: string): BpfUnit | undefined {
  try {
    return unitOf(text)
  } catch {
    return undefined
  }
}

test("whatever the front end lets through is lowered to valid IR or refused with a code and a place", () => {
  const random = new Random(1)
  let lowered = 0
  for (let i = 0; i < 2000; i++) {
    const text = mutated(random)
    const unit = parsed(text)
    if (unit === undefined) continue
    try {
      assert.deepEqual(checkModule(lower(unit)), [], text)
      lowered++
    } catch (e) {
      if (!(e instanceof SkepError)) throw new Error(text, { cause: e })
      assert.ok(e.code.startsWith("IR_") && e.span !== undefined, text)
    }
  }
  assert.ok(lowered > 500, `${lowered} of 2000 were programs`)
})
