import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { release } from "node:os"

/** Shows packaged headers (`$2`, and the common part of them `$3`) as those of the running kernel (`$1`), to this process and its children alone. */
const MOUNT = `mount -t tmpfs none /lib/modules && mkdir "/lib/modules/$1" && ln -s "$2" "/lib/modules/$1/build" &&
ln -s "$3" "/lib/modules/$1/source" && shift 3 && exec "$@"`

/** On a kernel whose own headers are not packaged: starts again with others in their place. The exit status; undefined when it need not or cannot. */
export function againWithHeaders(): number | undefined {
  if (process.getuid?.() !== 0 || process.env.SKEP_BENCH_AGAIN !== undefined) return undefined
  if (existsSync(`/lib/modules/${release()}/build`) || !existsSync("/usr/src")) return undefined
  const name = readdirSync("/usr/src").find(entry => /^linux-headers-.*-amd64$/.test(entry))
  if (name === undefined) return undefined
  const headers = `/usr/src/${name}`
  const command = ["-m", "sh", "-c", MOUNT, "sh", release(), headers, headers.replace(/-amd64$/, "-common")]
  const { status } = spawnSync("unshare", [...command, process.execPath, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, SKEP_BENCH_AGAIN: "1" },
  })
  return status ?? 1
}
