import { SkepError } from "../../base/index.ts"
import type { UsdtTarget } from "../../machine/index.ts"
import { findBinary, findProbe, layoutOf, type UsdtLocation } from "../../symbols/index.ts"
import { hasAttachCookie } from "../features.ts"
import type { Attacher } from "./attacher.ts"
import type { Uprobe } from "./uprobe.ts"
import { openProbes } from "./uprobeAttacher.ts"
import { type UsdtSpecs, usdtSpecs } from "./usdtSpecs.ts"

/**
 * A static probe: a uprobe at each of its places. Its semaphore is raised by the kernel, in every process that has the file mapped or will
 * have, so that no pid is needed. How a place's arguments are read reaches the program by the attachment's number.
 */
export const usdt: Attacher<UsdtTarget> = {
  types: ["kprobe"],
  text: ({ path, provider, event, pid }) =>
    `${path}:${provider === "" ? "" : `${provider}:`}${event}${pid === undefined ? "" : ` of process ${pid}`}`,
  open(target, request) {
    const { owner, what } = request
    const binary = findBinary(target.path, target.pid)
    const { locations } = findProbe(binary, target.provider, target.event)
    const specs = usdtSpecs(owner, what)
    try {
      const cookies = cookiesOf(target, locations, specs, what)
      const probes = locations.map(
        ({ fileOffset, semaphore }, i): Uprobe => ({
          path: binary.path,
          offset: fileOffset,
          ret: false,
          pid: target.pid,
          ...(semaphore !== undefined && { counter: semaphore }),
          ...(cookies !== undefined && { cookie: cookies[i] }),
        }),
      )
      const open = openProbes(probes, request)
      const close = (): void => {
        open.close()
        specs?.free()
      }
      return { ...open, method: `usdt by ${open.method}`, close }
    } catch (error) {
      specs?.free()
      throw error
    }
  },
}

/** The number of each place's attachment; undefined where none is needed. */
function cookiesOf(
  { layouts, cookie }: UsdtTarget,
  locations: readonly UsdtLocation[],
  specs: UsdtSpecs | undefined,
  what: string,
): readonly bigint[] | undefined {
  if (specs === undefined && (layouts === undefined || layouts.length < 2)) {
    return cookie === undefined ? undefined : locations.map(() => cookie)
  }
  if (!hasAttachCookie()) throw noCookies(what)
  if (specs === undefined) return locations.map(location => BigInt(layouts?.indexOf(layoutOf(location)) ?? 0))
  const numbers = new Map<string, bigint>()
  return locations.map(location => {
    const layout = layoutOf(location)
    const number = numbers.get(layout) ?? specs.add(location, cookie ?? 0n)
    numbers.set(layout, number)
    return number
  })
}

const noCookies = (what: string): SkepError =>
  new SkepError({
    code: "KERNEL_NO_UPROBES",
    message: `${what}: this kernel cannot tell the program at which place of the probe it runs`,
    why: "the compiler has the probe's arguments in different registers at different places",
    hint: "use Linux 5.15 or newer",
    missing: { feature: "cookies of attachments", minKernel: "5.15" },
  })
