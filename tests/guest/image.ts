import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { type CpioEntry, cpio } from "./cpio.ts"
import { loadOrder, withoutSignature } from "./modules.ts"
import { compressedKernel } from "./vmlinux.ts"

/** What a guest boots from: absolute paths on this machine. */
export type Image = {
  qemu: string
  /** Kernel release, e.g. "6.1.0-56-amd64". */
  release: string
  kernel: string
  busybox: string
  /** The folder that the guest has as /lib/modules/RELEASE. */
  modules: string
}

/** This machine cannot boot a guest; the message says why, in one line. */
export class NoGuest extends Error {}

/** Loaded before the host's files are there; all other modules are loaded by the guest's kernel when it wants them. */
const earlyModules = ["virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_console"]

const folder = "build/guest"

/**
 * The image for a kernel series ("6.1"), made from Debian's packages when it is not there yet. Everything is under build/guest,
 * in a folder named after the kernel; nothing but QEMU itself is installed, and that only by root. SKEP_NO_GUEST=REASON refuses.
 *
 * @throws NoGuest when this machine cannot have it.
 */
export function guestImage(series: string): Image {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new NoGuest("the guest shares this machine's programs, which must be for Linux on x86-64")
  }
  if (process.env.SKEP_NO_GUEST) throw new NoGuest(process.env.SKEP_NO_GUEST)
  const qemu = findQemu()
  return find(series, qemu) ?? make(series, qemu)
}

/** The reason why this machine cannot boot a guest, for tests to be skipped with; undefined when it can. */
export function whyNoGuest(series: string): string | undefined {
  try {
    guestImage(series)
    return undefined
  } catch (error) {
    if (error instanceof NoGuest) return error.message
    throw error
  }
}

function find(series: string, qemu: string): Image | undefined {
  if (!existsSync(folder)) return undefined
  const made = readdirSync(folder)
    .filter(name => name.startsWith(`${series}.`) && existsSync(join(folder, name, "kernel")))
    .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
  return made[0] === undefined ? undefined : describe(made[0], qemu)
}

function describe(release: string, qemu: string): Image {
  const top = resolve(folder, release)
  const modules = join(top, "lib/modules", release)
  return { qemu, release, kernel: join(top, "kernel"), busybox: join(top, "busybox"), modules }
}

function make(series: string, qemu: string): Image {
  const { name, release } = findKernelPackage(series)
  mkdirSync(folder, { recursive: true })
  const work = resolve(folder, `making-${process.pid}`)
  mkdirSync(work)
  try {
    download(work, name, "busybox-static")
    // Of the drivers only the common ones: all of them would be three quarters of the size.
    unpack(work, "linux-image-", "--exclude=./usr", "--exclude=*/kernel/sound", "--exclude=*/kernel/drivers/*/*/*")
    unpack(work, "busybox-static_")
    const busybox = join(work, "busybox")
    renameSync(join(work, existsSync(join(work, "bin")) ? "bin" : "usr/bin", "busybox"), busybox)
    const modules = join(work, "lib/modules", release)
    if (!existsSync(modules)) throw new NoGuest(`the package ${name} has its modules in an unknown place`)
    execFileSync(busybox, ["depmod", "-b", work, release], { stdio: "ignore" })
    writeFileSync(join(work, "kernel"), kernelFile(readFileSync(join(work, `boot/vmlinuz-${release}`))))
    for (const rest of ["boot", "bin", "usr"]) rmSync(join(work, rest), { recursive: true, force: true })
    const top = resolve(folder, release)
    rmSync(top, { recursive: true, force: true })
    renameSync(work, top)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return describe(release, qemu)
}

/** The archive of files that the kernel starts from: what it takes to reach the host's files. */
export function initramfs(image: Image): Buffer {
  const order = loadOrder(readFileSync(join(image.modules, "modules.dep"), "utf8"), earlyModules)
  const files = order.map((path, i) => {
    return { name: `${i}.ko`, data: withoutSignature(readFileSync(join(image.modules, path))) }
  })
  const entries: CpioEntry[] = [
    ...["bin", "dev", "proc", "modules"].map(name => ({ name, mode: 0o40755 })),
    { name: "bin/busybox", mode: 0o100755, data: readFileSync(image.busybox) },
    { name: "init", mode: 0o100755, data: readFileSync("tests/guest/stage1.sh") },
    { name: "stage2", mode: 0o100644, data: readFileSync("tests/guest/stage2.sh") },
    { name: "modules/order", mode: 0o100644, data: Buffer.from(files.map(f => `${f.name}\n`).join("")) },
    ...files.map(({ name, data }) => ({ name: `modules/${name}`, mode: 0o100644, data })),
  ]
  return cpio(entries)
}

/** The kernel unpacked when this machine has `xz`, else as it is. */
function kernelFile(image: Buffer): Buffer {
  const inside = compressedKernel(image)
  const xz = which("xz")
  if (inside?.format !== "xz" || !xz) return image
  return execFileSync(xz, ["-dc"], { input: inside.data, maxBuffer: 1 << 28 })
}

function findQemu(): string {
  const program = "qemu-system-x86_64"
  const found = which(program)
  if (found) return found
  if (!which("apt-get")) throw new NoGuest(`${program} is not installed, and there is no apt-get to install it with`)
  if (process.getuid?.() !== 0) {
    throw new NoGuest(`${program} is not installed; root can: apt-get install --no-install-recommends qemu-system-x86`)
  }
  const install = ["install", "-y", "--no-install-recommends", "qemu-system-x86"]
  if (!apt(install)) {
    apt(["update"])
    if (!apt(install)) throw new NoGuest(`${program} is not installed, and apt-get cannot install qemu-system-x86`)
  }
  const installed = which(program)
  if (!installed) throw new NoGuest(`the package qemu-system-x86 has no ${program}`)
  return installed
}

/** The newest of Debian's kernels of a series, e.g. linux-image-6.1.0-56-amd64 for "6.1". */
function findKernelPackage(series: string): { name: string; release: string } {
  if (!which("apt-get") || !which("dpkg-deb")) throw new NoGuest("Debian's kernel packages need apt-get and dpkg-deb")
  const search = (): { name: string; release: string }[] => {
    const { stdout } = spawnSync("apt-cache", ["search", "--names-only", "^linux-image-.*-amd64$"], {
      encoding: "utf8",
    })
    return (stdout ?? "")
      .split("\n")
      .flatMap(line => /^linux-image-(\d[\w.+~]*(?:-\d+)?-amd64) /.exec(line)?.[1] ?? [])
      .filter(release => release.startsWith(`${series}.`))
      .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
      .map(release => ({ name: `linux-image-${release}`, release }))
  }
  let found = search()
  if (found.length === 0 && apt(["update"])) found = search()
  if (found.length === 0) throw new NoGuest(`apt knows no Debian kernel linux-image-${series}.*-amd64`)
  return found[0]!
}

function download(into: string, ...packages: string[]): void {
  const ok = () => apt(["download", ...packages], into)
  if (!ok() && !(apt(["update"]) && ok())) throw new NoGuest(`apt-get cannot download ${packages.join(" and ")}`)
}

function unpack(work: string, prefix: string, ...tarOptions: string[]): void {
  const file = readdirSync(work).find(name => name.startsWith(prefix) && name.endsWith(".deb"))!
  const command = 'file=$1 && shift && dpkg-deb --fsys-tarfile "$file" | tar -x "$@" && rm "$file"'
  execFileSync("sh", ["-c", command, "sh", file, ...tarOptions], { cwd: work, stdio: ["ignore", "ignore", "inherit"] })
}

/** All that apt-get does for an image is over by then (milliseconds since the epoch). */
let aptDeadline: number | undefined

/** Runs apt-get without questions; false when it fails or when its five minutes for everything are over. */
function apt(args: string[], cwd?: string): boolean {
  aptDeadline ??= Date.now() + 300_000
  const timeout = aptDeadline - Date.now()
  if (timeout <= 0) return false
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  const settings = ["DPkg::Lock::Timeout=120", "Dpkg::Use-Pty=0", "Acquire::http::Timeout=20", "Acquire::Retries=2"]
  const options = ["-qq", ...settings.flatMap(setting => ["-o", setting])]
  return spawnSync("apt-get", [...options, ...args], { cwd, env, stdio: "ignore", timeout }).status === 0
}

function which(program: string): string | undefined {
  return [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"]
    .filter(Boolean)
    .map(folder => join(folder, program))
    .find(path => existsSync(path))
}
