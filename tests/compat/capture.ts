import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

/** Debian's packages: the tools, and what makes processes with USDT probes for them. */
const PACKAGES = ["bpfcc-tools", "python3-bpfcc", "systemtap-sdt-dev", "gcc"]

/**
 * A folder with the C texts of BCC's tools: made at the first call by running Debian's tools, kept for the later ones. The texts are BCC's and stay
 * outside of the repository.
 */
export function capturedCorpus(): string {
  const version = packageVersion() ?? installPackages()
  const dir = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "skep", `bcc-tools-${version}`)
  if (existsSync(join(dir, "complete"))) return dir
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  console.error(`capturing the programs of bpfcc-tools ${version} (some minutes, once)`)
  const here = "tests/compat/capture"
  const record = ["/usr/bin/python3", "-B", `${here}/record.py`, dir, `${here}/tools.txt`, `${here}/probes.txt`]
  // No network, and no processes but its own.
  run("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", ...record)
  run("touch", join(dir, "complete"))
  return dir
}

function packageVersion(): string | undefined {
  const { stdout } = spawnSync("dpkg-query", ["-s", "bpfcc-tools"], { encoding: "utf8" })
  if (!/^Status: install ok installed$/m.test(stdout ?? "")) return undefined
  return /^Version: (\S+)$/m.exec(stdout)?.[1].replace(/[^\w.]/g, "-")
}

function installPackages(): string {
  if (process.getuid?.() !== 0) throw new Error(`the tools are not installed: apt-get install ${PACKAGES.join(" ")}`)
  run("apt-get", "install", "-y", "--no-install-recommends", ...PACKAGES)
  const version = packageVersion()
  if (version === undefined) throw new Error("bpfcc-tools cannot be installed here")
  return version
}

function run(command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args, {
    stdio: "inherit",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  })
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(" ")} ended with ${status}`)
}
