/**
 * The files to load, in order, so that the named modules come up.
 *
 * `dep` is the text of modules.dep, one module a line:
 *
 *     kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko kernel/fs/fscache/fscache.ko
 *
 * Names are as lsmod prints them: `-` and `_` are the same. A name that is not in the list is built into the kernel and left out.
 */
export function loadOrder(dep: string, names: string[]): string[] {
  const needs = new Map<string, string[]>()
  const paths = new Map<string, string>()
  for (const line of dep.split("\n")) {
    const colon = line.indexOf(":")
    if (colon < 0) continue
    const path = line.slice(0, colon)
    needs.set(
      path,
      line
        .slice(colon + 1)
        .split(" ")
        .filter(Boolean),
    )
    paths.set(moduleName(path), path)
  }
  const order = new Set<string>()
  const visit = (path: string, from: Set<string>): void => {
    if (order.has(path) || from.has(path)) return
    for (const need of needs.get(path) ?? []) visit(need, new Set(from).add(path))
    order.add(path)
  }
  for (const name of names) {
    const path = paths.get(name.replaceAll("-", "_"))
    if (path) visit(path, new Set())
  }
  return [...order]
}

function moduleName(path: string): string {
  return path
    .slice(path.lastIndexOf("/") + 1)
    .replace(/\.ko(\..*)?$/, "")
    .replaceAll("-", "_")
}

const signatureMark = Buffer.from("~Module signature appended~\n")

/**
 * The module without the signature at its end, which an emulated machine takes long to check.
 *
 *     module | PKCS#7 message | 8 bytes of kinds and lengths, length of the message (u32, big-endian) | mark
 */
export function withoutSignature(module: Buffer): Buffer {
  const mark = module.length - signatureMark.length
  if (mark < 12 || !module.subarray(mark).equals(signatureMark)) return module
  return module.subarray(0, mark - 12 - module.readUInt32BE(mark - 4))
}
