import { readFileSync } from "node:fs"
import { release, version } from "node:os"

export interface KernelVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

/** The first three numbers of a release name: `6.1.0-18-amd64` is 6.1.0. Missing numbers are 0. */
export function parseVersion(text: string): KernelVersion {
  const [major = 0, minor = 0, patch = 0] = (/^\d+(\.\d+)*/.exec(text)?.[0] ?? "").split(".").map(Number)
  return { major, minor, patch }
}

/** Whether `have` is `want` (`"5.11"`) or newer. */
export function versionAtLeast(have: KernelVersion, want: string): boolean {
  const wanted = parseVersion(want)
  if (have.major !== wanted.major) return have.major > wanted.major
  if (have.minor !== wanted.minor) return have.minor > wanted.minor
  return have.patch >= wanted.patch
}

let running: KernelVersion | undefined

/** The version the running kernel calls itself. */
export function kernelVersion(): KernelVersion {
  running ??= parseVersion(release())
  return running
}

export function kernelAtLeast(version: string): boolean {
  return versionAtLeast(kernelVersion(), version)
}

/**
 * `LINUX_VERSION_CODE` of the running kernel, which kernels before 5.0 compare for kprobe programs. Debian and Ubuntu
 * hide the true patch level of the release name in other places.
 */
export function versionCode(): number {
  let found = kernelVersion()
  const debian = /Debian (\d+\.\d+\.\d+)/.exec(version())
  if (debian !== null) found = parseVersion(debian[1])
  else {
    try {
      const ubuntu = readFileSync("/proc/version_signature", "utf8").trim().split(" ").at(-1)
      if (ubuntu !== undefined) found = parseVersion(ubuntu)
    } catch {}
  }
  return (found.major << 16) + (found.minor << 8) + Math.min(found.patch, 255)
}
