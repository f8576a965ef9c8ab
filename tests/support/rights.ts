import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { childEnv, needsRoot } from "./kernel.ts"

/** Reason to skip a test that gives a process some of root's rights; false where it can run. */
export const needsSetpriv: string | false =
  needsRoot || (spawnSync("setpriv", ["--version"], { stdio: "ignore" }).status === 0 ? false : "setpriv is missing")

/** The user and group `nobody`. */
const NOBODY = "65534"

/**
 * Starts a scenario of the test file `url` as a user who is not root and has only these capabilities (`bpf`, `perfmon`, …), in a network namespace of
 * its own, and waits for its end.
 */
export function runWithRights(url: string, scenario: string, capabilities: readonly string[]) {
  const rights =
    capabilities.length === 0 ? [] : ["--inh-caps", "--ambient-caps"].map(o => `${o}=${capabilities.map(c => `+${c}`)}`)
  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--bounding-set=-sys_admin"]
  const command = ["setpriv", ...user, ...rights, process.execPath, fileURLToPath(url)]
  return spawnSync("unshare", ["--net", ...command], { env: childEnv(scenario), encoding: "utf8", timeout: 60_000 })
}
