import { existsSync, readdirSync, readFileSync } from "node:fs"
import { SkepError } from "../base/index.ts"
import { isPermission } from "./host/index.ts"
import { errnoText, sys, syscall } from "./raw/index.ts"

const PLACES = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]

let found: string | undefined

/**
 * Folder of the tracing file system, which is mounted when it is not yet and this process may. Throws
 * `KERNEL_NO_TRACEFS`, `KERNEL_NO_PERMISSION`.
 */
export function tracefs(): string {
  found ??= lookForTracefs() ?? mountTracefs()
  return found
}

/** Folder of the tracing file system where it is mounted already. Looking there can mount it: debugfs does by itself. */
export function lookForTracefs(): string | undefined {
  return [...PLACES, ...mounts("tracefs")].find(place => existsSync(`${place}/events`))
}

/** Where file systems of a type are mounted. */
export function mounts(type: string): string[] {
  let table = ""
  try {
    table = readFileSync("/proc/mounts", "utf8")
  } catch {}
  const fields = table.split("\n").map(line => line.split(" "))
  return fields.filter(f => f[2] === type).map(f => f[1].replace(/\\([0-7]{3})/g, (_, octal) => fromOctal(octal)))
}

const fromOctal = (digits: string): string => String.fromCharCode(Number.parseInt(digits, 8))

/** Mounts a file system without a device; 0, or −errno. */
export function mount(type: string, place: string): number {
  const text = (s: string): Uint8Array => new TextEncoder().encode(`${s}\0`)
  return syscall(sys().numbers.mount, text(type), text(place), text(type), 0, 0)
}

/** `KERNEL_NO_PERMISSION` for what is in the tracing file system: its files are root's, whatever the capabilities. */
export function tracefsDenied(what: string, errno: number): SkepError {
  return new SkepError({
    code: "KERNEL_NO_PERMISSION",
    message: `${what} is not permitted: its files belong to root`,
    hint: `run it with sudo, or open them to your group once: ${openTracefs(PLACES[0])}`,
    errno,
  })
}

/** The command that lets the user's group read the tracing file system. It lasts until the next start of the machine. */
export const openTracefs = (place: string): string => `sudo mount -o remount,mode=750,gid=$(id -g) ${place}`

/**
 * Refuses to wait for output of a kernel that records none: `KERNEL_TRACE_OFF`. Somebody stopped the recording to look at what there is, or
 * the kernel did after a fault of its own.
 */
export function needsRecording(folder: string): void {
  let on = ""
  try {
    on = readFileSync(`${folder}/tracing_on`, "utf8").trim()
  } catch {}
  if (on !== "0") return
  throw new SkepError({
    code: "KERNEL_TRACE_OFF",
    message: "the kernel does not record what programs print: tracing is switched off",
    why: "another program switched it off, or the kernel itself after a fault (an oops; see dmesg)",
    hint: `switch it on: echo 1 | sudo tee ${folder}/tracing_on`,
  })
}

function mountTracefs(): string {
  const result = mount("tracefs", PLACES[0])
  if (result >= 0 && existsSync(`${PLACES[0]}/events`)) return PLACES[0]
  if (isPermission(-result)) throw tracefsDenied("using the tracing file system", -result)
  throw new SkepError({
    code: "KERNEL_NO_TRACEFS",
    message: `the tracing file system cannot be mounted at ${PLACES[0]}: ${errnoText(-result)}`,
    why: "the kernel was built without CONFIG_FTRACE, or /sys is not a real sysfs",
    hint: "mount it by hand (mount -t tracefs tracefs /sys/kernel/tracing), or use a kernel that has tracing",
    errno: -result,
  })
}

/** Names in a folder of tracefs that are folders themselves; none when it does not exist. */
export function tracefsFolders(path: string): string[] {
  try {
    return readdirSync(`${tracefs()}/${path}`, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
  } catch (error) {
    if (error instanceof SkepError) throw error
    return []
  }
}

/** All tracepoints of the kernel, or those of a category, as `category:event`. Throws `KERNEL_NO_TRACEFS`, `KERNEL_NO_PERMISSION`. */
export function tracepoints(category?: string): string[] {
  if (category?.includes("/")) return []
  const categories = category === undefined ? tracefsFolders("events") : [category]
  return categories.flatMap(one => tracefsFolders(`events/${one}`).map(event => `${one}:${event}`))
}
