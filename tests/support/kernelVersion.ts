import { release } from "node:os"

/** Version of the running kernel, `major * 100 + minor`. */
export function runningKernel(): number {
  const [major, minor] = release().split(".")
  return Number(major) * 100 + Number.parseInt(minor, 10)
}
