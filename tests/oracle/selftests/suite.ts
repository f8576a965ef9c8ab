import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

/** Where Debian's package linux-source-6.1 puts the kernel's source. */
const TARBALL = "/usr/src/linux-source-6.1.tar.xz"
const PACKAGES = ["linux-source-6.1", "libbpf-dev", "linux-libc-dev", "bpftool"]
const FOLDERS = ["tools/testing/selftests/bpf", "tools/lib/bpf", "tools/include"]

/** A folder of this suite's own for what is fetched and built, outside of the repository. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "skep", "selftests-6.1")
}

/** The kernel's BPF selftests, unpacked once. Gives their folder. */
export function selftestsFolder(): string {
  const cache = cacheFolder()
  const folder = join(cache, FOLDERS[0])
  if (existsSync(join(folder, "progs"))) return folder
  if (!existsSync(TARBALL)) {
    if (process.getuid?.() !== 0) {
      throw new Error(`the selftests are not installed: apt-get install ${PACKAGES.join(" ")}`)
    }
    run("apt-get", "install", "-y", "--no-install-recommends", ...PACKAGES)
  }
  mkdirSync(cache, { recursive: true })
  process.stderr.write("unpacking the selftests\n")
  const wanted = FOLDERS.map(name => `linux-source-6.1/${name}`)
  run("tar", "-xJf", TARBALL, "-C", cache, "--strip-components=1", ...wanted)
  return folder
}

/**
 * What clang makes of each file, by the file's name: built once for this kernel and clang, one file after the other. A file that clang does
 * not take has no object.
 */
export function clangObjects(selftests: string, clang: string, only: readonly string[]): string {
  const root = join(selftests, "../../../..")
  const release = run("uname", "-r").trim()
  const out = join(cacheFolder(), `${clang}-${release}`)
  mkdirSync(out, { recursive: true })
  const headers = join(out, "include")
  if (!existsSync(join(headers, "vmlinux.h"))) {
    mkdirSync(headers, { recursive: true })
    const types = run("bpftool", "btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "c")
    writeFileSync(join(headers, "vmlinux.h"), types)
  }
  const tried = new Set(readdirSync(out).map(name => name.replace(/\.(o|failed)$/, "")))
  const system = run("gcc", "-print-multiarch").trim()
  const flags = ["-g", "-O2", "-mcpu=v3", "-target", "bpf", "-D__TARGET_ARCH_x86", "-mlittle-endian", "-w"]
  const folders = ["-I", headers, "-I", ".", "-I", join(root, "tools/include/uapi")]
  const last = ["-idirafter", `/usr/include/${system}`, "-idirafter", "/usr/include"]
  const names = readdirSync(join(selftests, "progs")).filter(name => name.endsWith(".c"))
  for (const name of names.map(file => file.slice(0, -2))) {
    if (tried.has(name) || (only.length > 0 && !only.some(word => name.includes(word)))) continue
    const args = [...flags, ...folders, ...last, "-c", `progs/${name}.c`, "-o", join(out, `${name}.o`)]
    const { status, stderr } = spawnSync(clang, args, { cwd: selftests, encoding: "utf8" })
    if (status !== 0) writeFileSync(join(out, `${name}.failed`), stderr)
    process.stderr.write(`\r\x1b[K${clang} ${name}`)
  }
  process.stderr.write("\r\x1b[K")
  return out
}

export function run(tool: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { encoding: "utf8", maxBuffer: 1 << 28 })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${tool} ${args[0]} ends with ${status}: ${stderr}`)
  return stdout
}
