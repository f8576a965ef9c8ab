import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { test } from "node:test"
import { needsRoot } from "../support/kernel.ts"
import { inTempDir } from "../support/tools.ts"
import { readCorpus } from "./corpus.ts"
import { Bench } from "./measure.ts"
import { isUnfit } from "./report.ts"

const noTools = existsSync("/usr/sbin/tcprtt-bpfcc") ? needsRoot : "bpfcc-tools are not installed"

// A sample of `npm run compat`
test("programs of BCC's tools compile and are accepted", { skip: noTools }, () => {
  inTempDir(dir => {
    const here = "tests/compat/capture"
    const tools = ["bitesize", "mysqld_qslower", "tcprtt", "example-http-parse-simple"]
    const record = [`${here}/record.py`, dir, `${here}/tools.txt`, `${here}/probes.txt`, ...tools]
    const run = spawnSync("/usr/bin/python3", ["-B", ...record], { encoding: "utf8" })
    assert.equal(run.status, 0, run.stderr)
    const programs = readCorpus(dir)
    assert.ok(programs.length >= 8, `only ${programs.length} programs:\n${run.stdout}${run.stderr}`)
    const bench = new Bench({ check: true })
    for (const program of programs) {
      const { failed, functions } = bench.run(program)
      assert.equal(failed, undefined, `${program.id}: ${failed?.message}`)
      for (const { name, refused } of functions) {
        const fits = refused === undefined || isUnfit({ where: name, failure: refused })
        assert.ok(fits, `${program.id} ${name}: ${refused?.message}`)
      }
    }
  })
})
