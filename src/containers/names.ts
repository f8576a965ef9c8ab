import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import type { ContainerPath } from "./cgroupPath.ts"

/** What the files of a runtime tell of a container. */
export interface ContainerNames {
  /** As `docker ps`, `podman ps`, `crictl ps` show it. */
  readonly name: string | undefined
  readonly image: string | undefined
  /** Kubernetes: name of the pod, and its namespace. */
  readonly pod: string | undefined
  readonly namespace: string | undefined
}

const NONE: ContainerNames = { name: undefined, image: undefined, pod: undefined, namespace: undefined }

/** Bytes of the largest file of a runtime that is read. */
const LARGEST = 4 << 20

/** Names of a container from the files of its runtime, below `root`; all undefined where there are none, or this user may not read them. */
export function containerNames({ runtime, id }: ContainerPath, root = "/"): ContainerNames {
  if (runtime === "lxc" || runtime === "systemd-nspawn" || runtime === "garden") return { ...NONE, name: id }
  if (!/^[0-9a-f]{64}$/.test(id)) return NONE
  // Below a pod only the id may be known, and docker can run on containerd.
  for (const look of [docker, podman, bundle]) {
    const found = look(id, root)
    if (found !== undefined) return found
  }
  return NONE
}

function docker(id: string, root: string): ContainerNames | undefined {
  const config = readJson(join(root, "var/lib/docker/containers", id, "config.v2.json"))
  if (config === undefined) return undefined
  const labels = member(member(config, "Config"), "Labels")
  return {
    name: text(config, "Name")?.replace(/^\//, ""),
    image: text(member(config, "Config"), "Image"),
    pod: text(labels, "io.kubernetes.pod.name"),
    namespace: text(labels, "io.kubernetes.pod.namespace"),
  }
}

function podman(id: string, root: string): ContainerNames | undefined {
  for (const place of ["var/lib/containers/storage", "run/containers/storage"]) {
    const list = readJson(join(root, place, "overlay-containers/containers.json"))
    if (!Array.isArray(list)) continue
    const found: unknown = list.find(one => text(one, "id") === id)
    if (found === undefined) continue
    const names = member(found, "names")
    const kept = ofAnnotations(readJson(join(root, place, "overlay-containers", id, "userdata/config.json")))
    // Podman and cri-o keep facts as JSON in a string.
    const facts = parsed(text(found, "metadata"))
    return {
      name: kept?.name ?? (Array.isArray(names) ? first(names) : undefined),
      image: kept?.image ?? text(facts, "image-name"),
      pod: kept?.pod,
      namespace: kept?.namespace,
    }
  }
  return undefined
}

/** containerd and cri-o keep the container's OCI configuration while it runs. */
function bundle(id: string, root: string): ContainerNames | undefined {
  const tasks = join(root, "run/containerd/io.containerd.runtime.v2.task")
  for (const namespace of folders(tasks)) {
    const found = ofAnnotations(readJson(join(tasks, namespace, id, "config.json")))
    if (found !== undefined) return found
  }
  return ofAnnotations(readJson(join(root, "run/containers/storage/overlay-containers", id, "userdata/config.json")))
}

function ofAnnotations(config: unknown): ContainerNames | undefined {
  const annotations = member(config, "annotations")
  if (annotations === undefined) return undefined
  const one = (...keys: readonly string[]): string | undefined =>
    keys.map(key => text(annotations, key)).find(value => value !== undefined)
  return {
    name: one("io.kubernetes.cri.container-name", "io.kubernetes.container.name", "nerdctl/name"),
    image: one("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName", "io.kubernetes.cri-o.Image"),
    pod: one("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"),
    namespace: one("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"),
  }
}

const first = (names: readonly unknown[]): string | undefined => (typeof names[0] === "string" ? names[0] : undefined)

function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}

function text(value: unknown, name: string): string | undefined {
  const found = member(value, name)
  return typeof found === "string" && found !== "" ? found : undefined
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : (JSON.parse(json) as unknown)
  } catch {
    return undefined
  }
}

function readJson(path: string): unknown {
  try {
    const { size } = statSync(path)
    return size > LARGEST ? undefined : parsed(readFileSync(path, "utf8"))
  } catch {
    return undefined
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
