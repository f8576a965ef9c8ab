import assert from "node:assert/strict"
import { test } from "node:test"
import { damagedBytes } from "../../tests/support/damage.ts"
import { Random } from "../../tests/support/random.ts"
import { lcov, mergeCoverage, parseLcov } from "./index.ts"

const file = {
  file: "/a/drop.c",
  lines: new Map([
    [4, 2],
    [6, 0],
  ]),
  functions: [{ name: "drop", file: "/a/drop.c", line: 4, hits: 2 }],
}
const text = "TN:\nSF:/a/drop.c\nFN:4,drop\nFNDA:2,drop\nFNF:1\nFNH:1\nDA:4,2\nDA:6,0\nLF:2\nLH:1\nend_of_record\n"

test("a tracefile is written, and read back", () => {
  assert.equal(lcov([file]), text)
  assert.deepEqual(parseLcov(text), [file])
})

test("what several processes counted is added up", () => {
  const other = {
    ...file,
    lines: new Map([
      [5, 1],
      [6, 3],
    ]),
    functions: [],
  }
  const [sum] = mergeCoverage([file, other])
  assert.deepEqual(
    [...sum.lines],
    [
      [4, 2],
      [5, 1],
      [6, 3],
    ],
  )
  assert.deepEqual(sum.functions, file.functions)
})

test("branches are written, read back and added up", () => {
  const branches = [
    { line: 4, branch: 0, way: 0, hits: 2 },
    { line: 4, branch: 0, way: 1, hits: 0 },
    { line: 6, branch: 1, way: 0, hits: 0 },
    { line: 6, branch: 1, way: 1, hits: 0 },
  ] as const
  const text = lcov([{ ...file, branches }])
  assert.match(text, /\nBRDA:4,0,0,2\nBRDA:4,0,1,0\nBRDA:6,1,0,-\nBRDA:6,1,1,-\nBRF:4\nBRH:1\n/)
  assert.deepEqual(parseLcov(text), [{ ...file, branches }])
  const [sum] = mergeCoverage([file, { ...file, branches }, { ...file, branches }])
  assert.deepEqual(
    sum.branches?.map(({ hits }) => hits),
    [4, 0, 0, 0],
  )
})

test("damaged tracefiles are read as far as they can be", () => {
  const random = new Random(7)
  const bytes = new TextEncoder().encode(text.repeat(3))
  for (let i = 0; i < 2000; i++) {
    const read = parseLcov(new TextDecoder().decode(damagedBytes(random, bytes)))
    assert.ok(parseLcov(lcov(mergeCoverage(read))).length <= 4)
  }
})
