import { readFileSync } from "node:fs"
import { release } from "node:os"
import type { Configuration } from "../object/index.ts"
import { kernelSymbols } from "../symbols/index.ts"
import { hasAttachCookie } from "./features.ts"
import { versionCode } from "./host/index.ts"

/** The text of the running kernel's configuration: `CONFIG_HZ=250` and so on, a line each. */
function readConfig(): string | undefined {
  try {
    return process.getBuiltinModule("node:zlib").gunzipSync(readFileSync("/proc/config.gz")).toString("latin1")
  } catch {}
  for (const path of [`/boot/config-${release()}`, `/lib/modules/${release()}/config`]) {
    try {
      return readFileSync(path, "latin1")
    } catch {}
  }
  return undefined
}

const VIRTUAL: Readonly<Record<string, () => number>> = {
  LINUX_KERNEL_VERSION: versionCode,
  LINUX_HAS_BPF_COOKIE: () => (hasAttachCookie() ? 1 : 0),
  LINUX_HAS_SYSCALL_WRAPPER: () => (SYSCALL_WRAPPERS.some(name => kernelSymbols().hasFunction(name)) ? 1 : 0),
}

const SYSCALL_WRAPPERS = ["__x64_sys_bpf", "__arm64_sys_bpf", "__riscv_sys_bpf", "__s390x_sys_bpf"]

/** The running kernel's configuration, with lines that take the place of what it tells. */
export const runningConfig = (more: string | undefined): Configuration => ({
  text: more === undefined ? readConfig : () => `${readConfig() ?? ""}\n${more}`,
  found: name => VIRTUAL[name]?.(),
})
