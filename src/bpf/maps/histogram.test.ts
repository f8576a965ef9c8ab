import assert from "node:assert/strict"
import { test } from "node:test"
import { jsonHistogram, linearHistogram, log2Histogram } from "./histogram.ts"

/** The histogram of entries is these lines. */
function draws(
  name: string,
  make: typeof log2Histogram,
  entries: [unknown, unknown][],
  expected: string[],
  options = {},
): void {
  test(name, () => assert.deepEqual(make(entries, options).split("\n"), expected))
}

draws(
  "powers of two",
  log2Histogram,
  [
    [1, 2n],
    [3, 8n],
    [2, 0n],
  ],
  [
    "     usecs               : count     distribution",
    "         0 -> 1          : 2        |**********                              |",
    "         2 -> 3          : 0        |                                        |",
    "         4 -> 7          : 8        |****************************************|",
  ],
  { valueType: "usecs" },
)
draws(
  "values",
  linearHistogram,
  [
    [0, 1n],
    [2, 4n],
  ],
  [
    "     value         : count     distribution",
    "        0          : 1        |**********                              |",
    "        1          : 0        |                                        |",
    "        2          : 4        |****************************************|",
  ],
)
draws(
  "a struct's last member is the slot",
  log2Histogram,
  [
    [{ disk: "sda", slot: 1 }, 1n],
    [{ disk: "sdb", slot: 1n }, 3n],
  ],
  [
    "disk = sda",
    "     value               : count     distribution",
    "         0 -> 1          : 1        |****************************************|",
    "",
    "disk = sdb",
    "     value               : count     distribution",
    "         0 -> 1          : 3        |****************************************|",
  ],
  { sectionHeader: "disk" },
)
draws(
  "the counts of all CPUs together",
  linearHistogram,
  [[0, [1n, 2n]]],
  [
    "     value         : count     distribution",
    "        0          : 3        |****************************************|",
  ],
)
draws("nothing", log2Histogram, [[1, 0n]], [""])
draws(
  "slots that are none",
  log2Histogram,
  [
    [-1, 5n],
    [5000, 5n],
    ["x", 5n],
  ] as [unknown, unknown][],
  [""],
)

test("slots above 2³² have wide columns", () => {
  const lines = log2Histogram([[40, 1n]]).split("\n")
  assert.equal(lines[0], "               value                         : count     distribution")
  assert.equal(lines[40], "        549755813888 -> 1099511627775        : 1        |********************|")
})

const disks: [unknown, unknown][] = [
  [{ disk: "sdb", slot: 3 }, 3n],
  [{ disk: "sda", slot: 2 }, 1n],
]
draws(
  "sections in order, by a name of their own, from the first slot that counted",
  log2Histogram,
  disks,
  [
    "disk = SDA",
    "     value               : count     distribution",
    "         2 -> 3          : 1        |****************************************|",
    "",
    "disk = SDB",
    "     value               : count     distribution",
    "         4 -> 7          : 3        |****************************************|",
  ],
  {
    sectionHeader: "disk",
    stripLeadingZero: true,
    bucket: (disk: unknown) => String(disk).toUpperCase(),
    sort: (a: unknown, b: unknown) => (String(a) < String(b) ? -1 : 1),
  },
)
draws(
  "a section of several members",
  linearHistogram,
  [[{ a: 1, b: 2n, slot: 0 }, 1n]],
  [
    "section = 1 2",
    "     value         : count     distribution",
    "        0          : 1        |****************************************|",
  ],
)
draws(
  "what a section says",
  linearHistogram,
  [[{ a: 1, b: 2n, slot: 0 }, 1n]],
  [
    "section = 1/2",
    "     value         : count     distribution",
    "        0          : 1        |****************************************|",
  ],
  { sectionText: ({ a, b }: { a: number; b: bigint }) => `${a}/${b}` },
)

test("a histogram as data", () => {
  const [one, ...more] = jsonHistogram(
    [
      [1, 2n],
      [3, 5n],
    ] as [unknown, unknown][],
    { valueType: "usecs" },
  )
  assert.equal(more.length, 0)
  assert.match(one.ts, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
  assert.deepEqual(
    { ...one, ts: "" },
    {
      ts: "",
      val_type: "usecs",
      data: [
        { "interval-start": 0, "interval-end": 1, count: 2 },
        { "interval-start": 2, "interval-end": 3, count: 0 },
        { "interval-start": 4, "interval-end": 7, count: 5 },
      ],
    },
  )
  const sections = jsonHistogram(disks, { sectionHeader: "disk", sort: (a, b) => (String(a) < String(b) ? -1 : 1) })
  assert.deepEqual(
    sections.map(({ disk }) => disk),
    ["sda", "sdb"],
  )
})
