/** What a container runtime calls itself. */
export type ContainerRuntime =
  | "docker"
  | "podman"
  | "containerd"
  | "cri-o"
  | "lxc"
  | "systemd-nspawn"
  | "garden"
  | "unknown"

/** The pod of Kubernetes that a container belongs to. */
export interface Pod {
  /** As `kubectl get pod -o yaml` has it, with dashes. */
  readonly uid: string
  /** Quality of service: what happens to it when memory is short. */
  readonly qos: "guaranteed" | "burstable" | "besteffort"
}

/** What the path of a control group tells of the container whose group it is. */
export interface ContainerPath {
  /** Who made it; `unknown` where only an id tells that it is a container. */
  readonly runtime: ContainerRuntime
  /** The runtime's name for it: 64 hexadecimal digits, mostly; a name with LXC and systemd-nspawn. */
  readonly id: string
  /** The pod of Kubernetes whose group is above. */
  readonly pod: Pod | undefined
}

const HEX = "[0-9a-f]{64}"

/**
 * A folder of the path, by runtime. systemd's driver makes `PREFIX-ID.scope`, the cgroupfs driver a folder named `ID` below one of the runtime's.
 * The monitors of a container (`conmon`) have groups of their own, which are none.
 */
const SCOPES: readonly (readonly [RegExp, ContainerRuntime])[] = [
  [new RegExp(`^docker-(${HEX})\\.scope$`), "docker"],
  [new RegExp(`^libpod-(${HEX})(?:\\.scope)?$`), "podman"],
  [new RegExp(`^(?:cri-containerd|nerdctl|containerd)-(${HEX})\\.scope$`), "containerd"],
  // containerd's own form where systemd is the driver: SLICE:PREFIX:ID.
  [new RegExp(`:(?:cri-containerd|nerdctl):(${HEX})$`), "containerd"],
  [new RegExp(`^crio-(${HEX})(?:\\.scope)?$`), "cri-o"],
  [/^machine-(.+)\.scope$/, "systemd-nspawn"],
  [/^lxc\.payload\.(.+)$/, "lxc"],
]

/** A folder that only an id names, by the folder above it. */
const PARENTS: Readonly<Record<string, ContainerRuntime>> = {
  docker: "docker",
  libpod_parent: "podman",
  lxc: "lxc",
  garden: "garden",
}

const BARE = new RegExp(`^${HEX}$`)
const POD = /^(?:kubepods.*-)?pod([0-9a-f]{8}[-_][0-9a-f_-]{27}|[0-9a-f]{32})(?:\.slice)?$/

/** The container that the path of a control group belongs to; undefined where it names none. The innermost one, where they nest. */
export function containerOfPath(path: string): ContainerPath | undefined {
  const folders = path.split("/").filter(folder => folder !== "")
  for (let i = folders.length - 1; i >= 0; i--) {
    const found = ofFolder(folders[i], folders[i - 1])
    if (found === undefined) continue
    const pod = podOf(folders.slice(0, i))
    // Below a pod a bare id is whatever the runtime of the node is.
    return { ...found, pod }
  }
  return undefined
}

function ofFolder(folder: string, parent = ""): Pick<ContainerPath, "runtime" | "id"> | undefined {
  for (const [form, runtime] of SCOPES) {
    const id = form.exec(folder)?.[1]
    if (id !== undefined) return { runtime, id: unescaped(id) }
  }
  const runtime = Object.hasOwn(PARENTS, parent) ? PARENTS[parent] : undefined
  if (runtime !== undefined && (BARE.test(folder) || runtime === "lxc" || runtime === "garden")) {
    return { runtime, id: folder }
  }
  return BARE.test(folder) ? { runtime: "unknown", id: folder } : undefined
}

function podOf(folders: readonly string[]): Pod | undefined {
  for (let i = folders.length - 1; i >= 0; i--) {
    const uid = POD.exec(folders[i])?.[1]
    if (uid === undefined) continue
    const above = folders.slice(0, i + 1).join("/")
    const qos = /besteffort/.test(above) ? "besteffort" : /burstable/.test(above) ? "burstable" : "guaranteed"
    return { uid: uid.replaceAll("_", "-"), qos }
  }
  return undefined
}

/** systemd writes characters that a unit's name must not have as `\x2d`. */
function unescaped(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
}

/** The paths in the text of `/proc/PID/cgroup`: the one of cgroup2 first (`0::/path`), then those of the old hierarchies. */
export function cgroupPaths(text: string): string[] {
  const unified: string[] = []
  const others: string[] = []
  for (const line of text.split("\n")) {
    const found = /^(\d+):([^:]*):(\/.*)$/.exec(line)
    if (found === null) continue
    const list = found[1] === "0" && found[2] === "" ? unified : others
    // The folder may be gone while processes are left in it.
    list.push(found[3].replace(/ \(deleted\)$/, ""))
  }
  return [...unified, ...others]
}

/** The container of the text of `/proc/PID/cgroup`; with old hierarchies any that tells. */
export function containerOfText(text: string): ContainerPath | undefined {
  for (const path of cgroupPaths(text)) {
    const found = containerOfPath(path)
    if (found !== undefined) return found
  }
  return undefined
}
